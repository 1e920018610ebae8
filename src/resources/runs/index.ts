import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { runProgress, stepMarks } from '../../domain/run.ts';
import { defineResource, on, type DetailSection } from '../../kit/define-resource.ts';
import { whyNotAbort } from './abort.ts';
import { runPage, stepsOf, type RunRow, type StepRow } from './queries.ts';

const tones = {
  queued: 'info', running: 'info', succeeded: 'good', failed: 'bad', 'timed out': 'bad', aborted: 'warn', unknown: 'warn',
} as const; // prettier-ignore

/** Seconds as people count them: `45 s`, `3 min 5 s`. */
const lasting = (seconds: number | null): string => {
  if (seconds === null) return '-';
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** The log of the step that says most now: the one that runs, else the last that said anything. */
const logOf = (steps: readonly StepRow[]): readonly DetailSection[] => {
  const said = steps.filter(({ tail }) => tail !== '');
  const step = steps.find(({ status }) => status === 'running' || status === 'unknown') ?? said.at(-1);
  if (!step || step.tail === '') return [];
  const lines = step.tail.trimEnd().split('\n').slice(-12);
  return [{ title: `Log of step ${step.position}`, lines: lines.map(line => ['|', line] as const) }];
};

export const runs = defineResource<RunRow, readonly StepRow[]>({
  id: 'runs',
  title: 'Runs',
  entity: 'run',
  aliases: ['run'],
  permission: 'run.read',
  page: runPage,
  since: 'queued',
  nameOf: run => `#${run.id}`,

  columns: [
    { title: 'No', width: 6, align: 'right', cell: run => String(run.id) },
    { title: 'Run', width: 'fill', cell: run => run.title },
    { title: 'Status', width: 9, cell: run => run.status, tone: run => tones[run.status] },
    { title: 'Progress', width: 16, cell: runProgress },
    { title: 'Took', width: 12, align: 'right', cell: run => lasting(run.seconds) },
    { title: 'Queued', width: 11, sort: 'queued', cell: run => formatShortInstant(run.queuedAt), value: run => isoInstant(run.queuedAt) },
    { title: 'By', width: 12, priority: 2, cell: run => run.queuedBy },
  ],

  relate: (db, run) => stepsOf(db, run.id),
  detail: (run, steps) => [
    {
      title: 'Run',
      lines: [
        ['Number', String(run.id)],
        ['What', run.title],
        ['Status', run.status, tones[run.status]],
        ['Progress', runProgress(run)],
        ['Queued', `${formatInstant(run.queuedAt)} by ${run.queuedBy}`],
        ['Took', lasting(run.seconds)],
        ...(run.error === null ? [] : [['Why', run.error, tones[run.status]] as const]),
        ...(run.abortedAt === null ? [] : [['Aborted', `${formatInstant(run.abortedAt)} by ${run.abortedBy ?? '-'}`, 'warn'] as const]),
      ],
    },
    {
      title: 'Steps',
      table: {
        columns: ['', 'Step', 'Host', 'Took', 'Code', 'Octets', 'Command'],
        rows: steps.map(step => [
          stepMarks[step.status],
          `${step.position}. ${step.title}`,
          step.host,
          lasting(step.seconds),
          step.code === null ? '-' : String(step.code),
          String(step.bytes),
          step.words.join(' '),
        ]),
      },
    },
    ...logOf(steps),
    {
      title: 'Transcript',
      lines: steps.flatMap(({ position, sha256 }) => (sha256 === null ? [] : [[`Step ${position}`, `sha256 ${sha256}`] as const])),
    },
  ],

  actions: { a: on('runs.abort', whyNotAbort) },
  general: {
    h: { action: 'runbooks.host-report', inputFrom: () => ({}), whyNot: () => undefined },
    s: { action: 'runbooks.service-status', inputFrom: () => ({}), whyNot: () => undefined },
    r: { action: 'runbooks.restart-service', inputFrom: () => ({}), whyNot: () => undefined },
    l: { action: 'runbooks.search-log', inputFrom: () => ({}), whyNot: () => undefined },
    o: { action: 'runbooks.rotate-logs', inputFrom: () => ({}), whyNot: () => undefined },
    O: { action: 'runbooks.install-log-rotation', inputFrom: () => ({}), whyNot: () => undefined },
    u: { action: 'runbooks.update-application', inputFrom: () => ({}), whyNot: () => undefined },
    U: { action: 'runbooks.check-update', inputFrom: () => ({}), whyNot: () => undefined },
    k: { action: 'runbooks.roll-back-application', inputFrom: () => ({}), whyNot: () => undefined },
    y: { action: 'runbooks.security-update', inputFrom: () => ({}), whyNot: () => undefined },
    Y: { action: 'runbooks.check-security-updates', inputFrom: () => ({}), whyNot: () => undefined },
    t: { action: 'runbooks.renew-certificates', inputFrom: () => ({}), whyNot: () => undefined },
    T: { action: 'runbooks.certificate-days', inputFrom: () => ({}), whyNot: () => undefined },
    e: { action: 'runbooks.validate-environment', inputFrom: () => ({}), whyNot: () => undefined },
    p: { action: 'runbooks.deploy-platform', inputFrom: () => ({}), whyNot: () => undefined },
    m: { action: 'runbooks.apply-migrations', inputFrom: () => ({}), whyNot: () => undefined },
    M: { action: 'runbooks.show-migrations', inputFrom: () => ({}), whyNot: () => undefined },
    x: { action: 'runbooks.rotate-service-token', inputFrom: () => ({}), whyNot: () => undefined },
    X: { action: 'runbooks.verify-service-token', inputFrom: () => ({}), whyNot: () => undefined },
    w: { action: 'runbooks.weekly-export', inputFrom: () => ({}), whyNot: () => undefined },
  },
  jumps: { l: run => ({ resource: 'audit', filter: `entity=run record=${run.id}` }) },
});
