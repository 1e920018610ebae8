import type { Db } from '../../database/client.ts';
import { formatShortInstant } from '../../domain/day.ts';
import { formatValue, gradeNow, type Grade } from '../../domain/health.ts';
import type { Judge } from '../../domain/health-thresholds.ts';
import { countOf, dueWords } from '../../domain/incident.ts';
import { dailyProgress, progressWords } from '../daily-items/queries.ts';
import { readJudge, readSeries, type SeriesRow } from '../health/queries.ts';
import { waitingWork, type WaitingWork } from '../runs/queries.ts';
import { newestWaiting } from '../handovers/queries.ts';
import { runningIncident, type IncidentRow } from '../incidents/queries.ts';
import { to, type Draft } from './pulse.ts';

const incidentPulse = (incident: IncidentRow | undefined): Draft => {
  if (!incident)
    return { kind: 'incident', topic: 'console', name: 'Incident', value: 'none is open', trend: '', versus: '', tone: 'good' };
  const { id, level, status, settled, steps, overdue, nextIn } = incident;
  return {
    kind: 'incident',
    topic: 'console',
    name: `Incident #${id}, level ${level}`,
    value: `${status}, ${settled} of ${steps} steps`,
    trend: overdue > 0 ? `${countOf(overdue, 'step')} overdue` : nextIn === null ? '' : `next ${dueWords(nextIn)}`,
    versus: `by ${incident.commander}`,
    tone: overdue > 0 || status === 'open' ? 'bad' : 'warn',
    ...to('incident-steps', `incident=${id}`),
  };
};

const healthPulse = (series: readonly SeriesRow[], judge: Judge): Draft => {
  const found = series.flatMap(one => {
    const measure = judge(one.measure);
    return measure ? [gradeNow(measure, one)] : [];
  });
  const [wrong = 0, look = 0, good = 0] = (['bad', 'warn', 'good'] as const).map(
    (asked: Grade) => found.filter(grade => grade === asked).length,
  );
  const trouble = [...(wrong > 0 ? [`${wrong} wrong`] : []), ...(look > 0 ? [`${look} to look at`] : [])].join(', ');
  return {
    kind: 'health',
    topic: 'console',
    name: 'Health',
    value: found.length === 0 ? 'not measured yet' : trouble || (good > 0 ? 'good' : 'not measured now'),
    trend: '',
    versus: found.length === 0 ? '-' : `${good} of ${found.length} good`,
    tone: wrong > 0 ? 'bad' : look > 0 ? 'warn' : good > 0 ? 'good' : 'plain',
    ...to('health', ''),
  };
};

/** Told only where something waits longer than is worth a look; asked anew each time, since whoever would measure it may be who is missing. */
const waitingPulses = (waiting: readonly WaitingWork[], judge: Judge): readonly Draft[] => {
  const { warn = 0, bad = Infinity } = judge('run-waits') ?? {};
  const [first, ...more] = waiting.filter(({ seconds }) => seconds >= warn);
  if (!first) return [];
  return [
    {
      kind: 'waiting',
      topic: 'console',
      name: first.entity === 'run' ? `Run ${first.label} waits` : `Plan ${first.label} waits`,
      value: formatValue('seconds', first.seconds),
      trend: more.length === 0 ? '' : `${more.length} more`,
      versus: first.why,
      tone: first.seconds >= bad ? 'bad' : 'warn',
      ...(first.entity === 'run' ? to('runs', 'open=yes') : to('schedule', `name=${first.label}`)),
    },
  ];
};

/** What those who work here have to go through: an incident, the review of the day, and what the last shift left. */
export const workPulses = async (db: Db): Promise<readonly Draft[]> => {
  const [progress, handover, incident, series, judge, waiting] = await Promise.all([
    dailyProgress(db),
    newestWaiting(db),
    runningIncident(db),
    readSeries(db),
    readJudge(db),
    waitingWork(db),
  ]);
  const isLeft = !progress?.open ? !progress?.today : progress.decided < progress.items;
  return [
    incidentPulse(incident),
    healthPulse(series, judge),
    ...waitingPulses(waiting, judge),
    {
      kind: 'review',
      topic: 'console',
      name: 'Daily review',
      value: progress?.open ? `${progress.decided} of ${progress.items}` : progress?.today ? 'closed' : 'not open yet',
      trend: progressWords(progress),
      versus: progress?.day ?? '-',
      tone: isLeft ? 'info' : 'good',
      ...to('daily-items', progress?.open ? 'open=yes decision=undecided' : ''),
    },
    {
      kind: 'handover',
      topic: 'console',
      name: handover ? 'Handover waiting' : 'Handover',
      value: handover ? `#${handover.id} of ${handover.writtenBy}` : 'none waits',
      trend: handover ? formatShortInstant(handover.writtenAt) : '',
      versus: '',
      tone: handover ? 'info' : 'good',
      ...to('handovers', handover ? 'state=waiting' : ''),
    },
  ];
};
