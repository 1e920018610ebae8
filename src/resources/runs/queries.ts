import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { runStatuses, type RunStatus, type RunStepStatus } from '../../domain/run.ts';

export type RunRow = Keyed & {
  readonly runbook: string;
  readonly title: string;
  readonly target: string;
  readonly dangerous: boolean;
  readonly status: RunStatus;
  readonly queuedBy: string;
  readonly queuedAt: Date;
  readonly beganAt: Date | null;
  readonly finishedAt: Date | null;
  readonly abortedBy: string | null;
  readonly abortedAt: Date | null;
  readonly error: string | null;
  readonly done: number;
  readonly steps: number;
  /** Seconds that it has taken, by the clock of the database. */
  readonly seconds: number | null;
  /** After its canary, until it goes on. */
  readonly paused: boolean;
  /** The job that planned it. */
  readonly job: string | null;
  readonly version: number;
};

const open = `t.status IN ('queued', 'running', 'unknown')`;

export const runPage = pageOf<RunRow>({
  table: 'ops.run',
  id: 't.number',
  select: `t.runbook, t.title, t.target, t.dangerous, t.status, q.name AS "queuedBy", t.queued_at AS "queuedAt", t.began_at AS "beganAt", t.finished_at AS "finishedAt",
    a.name AS "abortedBy", t.aborted_at AS "abortedAt", t.error, t.version_no AS version, ops.pausing_step(t.id) IS NOT NULL AS paused, j.name AS job,
    (SELECT count(*)::int FROM ops.run_step s WHERE s.run_id = t.id AND s.status NOT IN ('waiting', 'running', 'unknown')) AS done,
    (SELECT count(*)::int FROM ops.run_step s WHERE s.run_id = t.id) AS steps,
    extract(epoch FROM coalesce(t.finished_at, clock_timestamp()) - t.began_at)::int AS seconds`,
  joins:
    'JOIN ops.operator q ON q.id = t.queued_by LEFT JOIN ops.operator a ON a.id = t.aborted_by LEFT JOIN ops.schedule j ON j.id = t.schedule_id',
  defaultSort: { field: 'queued', descending: true },
  fields: {
    text: text('t.title', { exact: ['lower(t.title) LIKE {contains}'] }),
    id: number('t.number'),
    runbook: text('t.runbook'),
    status: oneOf('t.status', runStatuses),
    open: flag(open),
    host: text('t.title', {
      exact: ['t.id IN (SELECT s.run_id FROM ops.run_step s JOIN ops.host h ON h.id = s.host_id WHERE h.name = {text})'],
    }),
    planned: flag('t.schedule_id IS NOT NULL'),
    queued: time('t.queued_at', { sortable: true }),
  },
});

export const findRun = (db: Db, id: bigint): Promise<RunRow | undefined> => runPage.find(db, id);

export type StepRow = {
  readonly position: number;
  readonly title: string;
  readonly host: string;
  readonly words: readonly string[];
  readonly status: RunStepStatus;
  readonly seconds: number | null;
  readonly code: number | null;
  readonly bytes: bigint;
  readonly sha256: string | null;
  readonly tail: string;
  /** What it usually takes, in seconds: the median of former runs of the runbook; null where it never went well. */
  readonly usual: number | null;
  /** What it found out. */
  readonly result: Readonly<Record<string, unknown>> | null;
};

/** The steps of a run in their order. */
export const stepsOf = (db: Db, run: bigint): Promise<readonly StepRow[]> =>
  db.$queryRaw<StepRow[]>`
    WITH this AS MATERIALIZED (SELECT r.id, r.runbook, r.queued_at, r.number FROM ops.run r WHERE r.number = ${run}),
    former AS MATERIALIZED (SELECT o.id FROM ops.run o, this WHERE o.runbook = this.runbook AND (o.queued_at, o.number) < (this.queued_at, this.number) ORDER BY o.queued_at DESC, o.number DESC LIMIT 20),
    usual AS MATERIALIZED (
      SELECT f.title, f.position, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM f.finished_at - f.began_at)) AS seconds
        FROM former JOIN ops.run_step f ON f.run_id = former.id WHERE f.status = 'succeeded' GROUP BY f.title, f.position)
    SELECT s.position::int AS position, s.title, h.name AS host, s.words, s.status, s.code, s.bytes, s.sha256, s.tail, s.result, round(u.seconds)::int AS usual,
           extract(epoch FROM coalesce(s.finished_at, clock_timestamp()) - s.began_at)::int AS seconds
      FROM this JOIN ops.run_step s ON s.run_id = this.id JOIN ops.host h ON h.id = s.host_id LEFT JOIN usual u ON u.title = s.title AND u.position = s.position ORDER BY s.position`;

export const abortRun = async (db: Db, run: bigint): Promise<string> => {
  const [row] = await db.$queryRaw<{ status: string }[]>`SELECT status FROM ops.abort_run(${run})`;
  return row?.status ?? '';
};

export const continueRun = async (db: Db, run: bigint): Promise<void> => {
  await db.$queryRaw`SELECT number FROM ops.continue_run(${run})`;
};

/** A run that nobody executes, or a plan that is due and nobody has queued. */
export type WaitingWork = {
  readonly entity: 'run' | 'schedule';
  readonly label: string;
  readonly seconds: number;
  /** For whom it waits. */
  readonly why: string;
};

/** What waits for somebody who may use hosts, the longest first. */
export const waitingWork = (db: Db): Promise<readonly WaitingWork[]> =>
  db.$queryRaw<WaitingWork[]>`SELECT entity, label, seconds, why FROM ops.waiting_work()`;
