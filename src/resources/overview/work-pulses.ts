import type { Db } from '../../database/client.ts';
import { formatShortInstant } from '../../domain/day.ts';
import { countOf, dueWords } from '../../domain/incident.ts';
import { dailyProgress, progressWords } from '../daily-items/queries.ts';
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

/** What those who work here have to go through: an incident, the review of the day, and what the last shift left. */
export const workPulses = async (db: Db): Promise<readonly Draft[]> => {
  const [progress, handover, incident] = await Promise.all([dailyProgress(db), newestWaiting(db), runningIncident(db)]);
  const isLeft = !progress?.open ? !progress?.today : progress.decided < progress.items;
  return [
    incidentPulse(incident),
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
