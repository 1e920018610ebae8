import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { historyOf, schedulePage, type DueRow, type DueStatus, type ScheduleRow, type ScheduleState } from './queries.ts';
import { whyNotNow, whyNotPause, whyNotResume } from './target.ts';

const tones: Readonly<Record<DueStatus, Tone>> = { waiting: 'info', claimed: 'info', succeeded: 'good', failed: 'bad', missed: 'warn' };
const stateTones: Readonly<Record<ScheduleState, Tone>> = {
  ready: 'good', waiting: 'info', running: 'info', overdue: 'warn', paused: 'warn', 'built in': 'dim',
}; // prettier-ignore
const said: Readonly<Record<DueStatus, string>> = {
  waiting: 'asked for', claimed: 'running', succeeded: 'succeeded', failed: 'failed', missed: 'missed',
}; // prettier-ignore

const nextOf = ({ nextDue, pausedAt }: ScheduleRow): Date | null => (pausedAt === null ? (nextDue[0] ?? null) : null);

const nextLines = (job: ScheduleRow): readonly DetailLine[] => {
  if (job.builtIn) return [['Next', 'while a console or a daemon is open']];
  if (job.pausedAt !== null) return [['Next', 'not until it is resumed', 'warn']];
  if (job.nextDue.length === 0) return [['Next', 'known as soon as a console or a daemon looks']];
  const overdue: readonly DetailLine[] =
    job.state === 'overdue' ? [['Overdue', 'no console that may execute it is open: open one, or run "bursar daemon"', 'warn']] : [];
  return [...overdue, ...job.nextDue.map((at, index): DetailLine => [index === 0 ? 'Next' : '', formatInstant(at)])];
};

/** What became of a due time, in words. */
const becameOf = ({ status, times, dueAt, lastDueAt, seconds, words, by, client, askedBy }: DueRow): string =>
  [
    times === 1 ? said[status] : `missed ${times.toLocaleString('en')} times from ${formatShortInstant(dueAt)} on`,
    ...(status === 'succeeded' && seconds !== null ? [`in ${seconds} s`] : []),
    ...(lastDueAt === null && askedBy !== null ? [`for ${askedBy}`] : []),
    ...(by === null ? [] : [`by ${client === null ? by : `${by}, ${client}`}`]),
  ].join(' ') + (words === null ? '' : `: ${words}`);

const historySection = (history: readonly DueRow[]): readonly DetailSection[] =>
  history.length === 0
    ? []
    : [
        {
          title: 'History',
          lines: history.map(row => [formatShortInstant(row.lastDueAt ?? row.dueAt), becameOf(row), tones[row.status]] as const),
        },
      ];

/** A job that waits for its time is told by how it went last, where that was not well. */
const stateOf = ({ state, lastStatus }: ScheduleRow): string =>
  state === 'ready' && (lastStatus === 'failed' || lastStatus === 'missed') ? lastStatus : state;
const stateTone = (job: ScheduleRow): Tone => (stateOf(job) === job.state ? stateTones[job.state] : tones[job.lastStatus ?? 'waiting']);

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
    ...historySection(history),
  ],

  actions: {
    r: on('schedule.run-now', whyNotNow),
    p: on('schedule.pause', whyNotPause),
    g: on('schedule.resume', whyNotResume),
  },
  jumps: { l: job => ({ resource: 'audit', filter: `entity=schedule record=${job.id}` }) },
});
