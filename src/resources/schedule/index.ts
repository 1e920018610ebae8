import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import type { RunStatus } from '../../domain/run.ts';
import { commandLines } from '../../kit/command-lines.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { historyOf, schedulePage, type DueRow, type DueStatus, type ScheduleRow, type ScheduleState } from './queries.ts';
import { whyNotNow, whyNotPause, whyNotResume, whyNotUnplan } from './target.ts';

const tones: Readonly<Record<DueStatus, Tone>> = { waiting: 'info', claimed: 'info', succeeded: 'good', failed: 'bad', missed: 'warn' };
const stateTones: Readonly<Record<ScheduleState, Tone>> = {
  ready: 'good', waiting: 'info', running: 'info', overdue: 'warn', paused: 'warn', 'built in': 'dim', unplanned: 'dim',
}; // prettier-ignore
const runTones: Readonly<Record<RunStatus, Tone>> = {
  queued: 'info', running: 'info', succeeded: 'good', failed: 'bad', 'timed out': 'bad', aborted: 'warn', unknown: 'warn',
}; // prettier-ignore
const said: Readonly<Record<DueStatus, string>> = {
  waiting: 'asked for', claimed: 'running', succeeded: 'succeeded', failed: 'failed', missed: 'missed',
}; // prettier-ignore

const nextOf = ({ nextDue, pausedAt }: ScheduleRow): Date | null => (pausedAt === null ? (nextDue[0] ?? null) : null);

const nextLines = (job: ScheduleRow): readonly DetailLine[] => {
  if (job.builtIn) return [['Next', 'while a console or a daemon is open']];
  if (job.unplannedAt !== null) return [['Next', `never: unplanned ${formatInstant(job.unplannedAt)}`]];
  if (job.pausedAt !== null) return [['Next', 'not until it is resumed', 'warn']];
  if (job.nextDue.length === 0) return [['Next', 'known as soon as a console or a daemon looks']];
  const overdue: readonly DetailLine[] =
    job.state === 'overdue' ? [['Overdue', 'no console that may execute it is open: open one, or run "bursar daemon"', 'warn']] : [];
  return [...overdue, ...job.nextDue.map((at, index): DetailLine => [index === 0 ? 'Next' : '', formatInstant(at)])];
};

/** How the run of a due time stands, after the words that name it. */
const runWords = ({ run, runStatus, seconds }: DueRow): string => {
  if (run === null || runStatus === null) return '';
  if (runStatus === 'queued' || runStatus === 'running' || runStatus === 'unknown') return `, which is ${runStatus}`;
  return `, which ${runStatus === 'aborted' || runStatus === 'timed out' ? `was ${runStatus}` : runStatus}${seconds === null ? '' : ` in ${seconds} s`}`;
};

/** What became of a due time, in words. */
const becameOf = (row: DueRow): string => {
  const { status, times, dueAt, lastDueAt, seconds, words, by, client, askedBy, run } = row;
  const what = run === null ? said[status] : 'queued';
  return (
    [
      times === 1 ? what : `missed ${times.toLocaleString('en')} times from ${formatShortInstant(dueAt)} on`,
      ...(status === 'succeeded' && run === null && seconds !== null ? [`in ${seconds} s`] : []),
      ...(lastDueAt === null && askedBy !== null ? [`for ${askedBy}`] : []),
      ...(by === null ? [] : [`by ${client === null ? by : `${by}, ${client}`}`]),
    ].join(' ') +
    (words === null ? '' : `: ${words}`) +
    runWords(row)
  );
};

/** How a due time went; of one that queued a run, how that went. */
const toneOf = ({ status, runStatus }: DueRow): Tone =>
  runStatus === null || status !== 'succeeded' ? tones[status] : runTones[runStatus];

const historySection = (history: readonly DueRow[]): readonly DetailSection[] =>
  history.length === 0
    ? []
    : [
        {
          title: 'History',
          lines: history.map(row => [formatShortInstant(row.lastDueAt ?? row.dueAt), becameOf(row), toneOf(row)] as const),
        },
      ];

/** A job that waits for its time is told by how it went last, where that was not well. */
const stateOf = ({ state, lastStatus }: ScheduleRow): string =>
  state === 'ready' && (lastStatus === 'failed' || lastStatus === 'missed') ? lastStatus : state;
const stateTone = (job: ScheduleRow): Tone => (stateOf(job) === job.state ? stateTones[job.state] : tones[job.lastStatus ?? 'waiting']);

/** What a planned run queues, as it was agreed to, word for word. */
const planSection = ({ runbook, plan, plannedBy, plannedAt }: ScheduleRow): readonly DetailSection[] => {
  if (runbook === null || plan === null) return [];
  return [
    {
      title: 'Plan',
      lines: [
        ['Runbook', `${runbook}, version ${plan.version}`],
        ['Target', plan.target],
        ['Planned', `${formatInstant(plannedAt)} by ${plannedBy ?? '-'}`],
      ],
    },
    {
      title: 'Steps, word for word',
      lines: commandLines(plan.steps.map(({ title, host, words }) => ({ about: `${title} on ${host}`, words }))),
    },
  ];
};

const catchUpWords = (minutes: number): string =>
  minutes % 60 === 0 && minutes > 0 ? `up to ${minutes / 60} h later` : `up to ${minutes} min later`;

export const schedulePane = defineResource<ScheduleRow, readonly DueRow[]>({
  id: 'schedule',
  title: 'Schedule',
  entity: 'schedule',
  aliases: ['schedules', 'jobs'],
  permission: 'schedule.read',
  page: schedulePage,
  nameField: 'name',
  nameOf: job => job.name,

  columns: [
    { title: 'Job', width: 16, sort: 'name', cell: job => job.name },
    { title: 'Title', width: 'fill', cell: job => job.title },
    { title: 'When', width: 13, priority: 2, cell: job => job.cron },
    { title: 'State', width: 8, cell: stateOf, tone: stateTone },
    { title: 'Last', width: 11, cell: job => formatShortInstant(job.lastAt), value: job => isoInstant(job.lastAt) },
    {
      title: 'Result',
      width: 9,
      priority: 2,
      cell: job => (job.lastStatus === null ? '-' : said[job.lastStatus]),
      tone: job => (job.lastStatus === null ? 'dim' : tones[job.lastStatus]),
    },
    { title: 'Next', width: 11, cell: job => formatShortInstant(nextOf(job)), value: job => isoInstant(nextOf(job)) },
    { title: 'What came of it', width: 40, priority: 3, cell: job => job.lastWords ?? '-' },
  ],

  relate: historyOf,
  detail: (job, history) => [
    {
      title: job.title,
      lines: [
        ['Job', job.name],
        ['Does', job.words],
        ['When', `${job.cron} in ${job.timeZone}`],
        ['State', stateOf(job), stateTone(job)],
        ...(job.pausedAt === null
          ? []
          : [['Paused', `${formatInstant(job.pausedAt)} by ${job.pausedBy ?? '-'}`, 'warn'] satisfies DetailLine]),
        ...nextLines(job),
        ...(job.builtIn
          ? []
          : [
              ['Caught up', catchUpWords(job.catchUpMinutes)] satisfies DetailLine,
              [
                'If cut short',
                job.repeatable ? 'another console begins it again' : 'it is reported as missed and not begun again',
              ] satisfies DetailLine,
              ['Executed by', `consoles and daemons of whoever has ${job.permission} and schedule.run`] satisfies DetailLine,
            ]),
        ...(job.builtIn ? [['Last', job.lastAt ? formatInstant(job.lastAt) : 'never'] satisfies DetailLine] : []),
      ],
    },
    ...planSection(job),
    ...historySection(history),
  ],

  actions: {
    r: on('schedule.run-now', whyNotNow),
    p: on('schedule.pause', whyNotPause),
    g: on('schedule.resume', whyNotResume),
    u: { ...on<ScheduleRow>('schedule.unplan', whyNotUnplan), fits: job => job.runbook !== null },
  },
  general: { n: { action: 'schedule.plan', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: { l: job => ({ resource: 'audit', filter: `entity=schedule record=${job.id}` }) },
});
