import type { Db } from '../../database/client.ts';
import { flag, meaning, number, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import type { RunStatus } from '../../domain/run.ts';
import { storedJson, type NewRun } from '../../kit/queue-run.ts';

export type ScheduleState = 'ready' | 'waiting' | 'running' | 'overdue' | 'paused' | 'built in' | 'unplanned';
export type DueStatus = 'waiting' | 'claimed' | 'succeeded' | 'failed' | 'missed';

export type ScheduleRow = Keyed & {
  readonly name: string;
  readonly title: string;
  readonly words: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly permission: string;
  readonly builtIn: boolean;
  readonly repeatable: boolean;
  readonly catchUpMinutes: number;
  readonly pausedBy: string | null;
  readonly pausedAt: Date | null;
  readonly state: ScheduleState;
  /** As the last console that looked computed them. */
  readonly nextDue: readonly Date[];
  readonly lastAt: Date | null;
  readonly lastStatus: DueStatus | null;
  readonly lastWords: string | null;
  /** Of a planned run: its runbook, and what is queued as it stands. */
  readonly runbook: string | null;
  readonly plan: Omit<NewRun, 'runbook'> | null;
  readonly plannedBy: string | null;
  readonly plannedAt: Date | null;
  readonly unplannedAt: Date | null;
  readonly version: number;
};

/** What a loop that every console has keeps of itself. */
const ofBuiltIn = `CASE t.name WHEN 'detection' THEN (SELECT max(d.started_at) FROM ops.detection_run d)
  WHEN 'security-events' THEN (SELECT w.gathered_at FROM ops.security_watch w) WHEN 'notices' THEN (SELECT max(n.sent_at) FROM ops.notice n)
  WHEN 'health' THEN (SELECT h.looked_at FROM ops.health_watch h WHERE h.host_id IS NULL) WHEN 'host-health' THEN (SELECT max(h.looked_at) FROM ops.health_watch h WHERE h.host_id IS NOT NULL AND h.looked_at > '-infinity') END`;

const having = (status: string): string => `EXISTS (SELECT FROM ops.schedule_run o WHERE o.schedule_id = t.id AND o.status = '${status}')`;

const state = `CASE WHEN t.built_in THEN 'built in' WHEN t.unplanned_at IS NOT NULL THEN 'unplanned' WHEN ${having('claimed')} THEN 'running' WHEN ${having('waiting')} THEN 'waiting' WHEN t.paused_at IS NOT NULL THEN 'paused'
  WHEN t.next_due[1] < clock_timestamp() - interval '2 minutes' THEN 'overdue' ELSE 'ready' END`;

/** How a due time ended: one that queued a run as that run did. */
const ended = `CASE WHEN r.status <> 'succeeded' OR u.status IS NULL THEN r.status WHEN u.status IN ('queued', 'running', 'unknown') THEN 'claimed'
  WHEN u.status = 'succeeded' THEN 'succeeded' ELSE 'failed' END`;

export const schedulePage = pageOf<ScheduleRow>({
  table: 'ops.schedule',
  select: `t.name, t.title, t.words, t.cron, (SELECT c.time_zone FROM bank.calendar c) AS "timeZone", t.permission, t.built_in AS "builtIn", t.repeatable,
    t.catch_up_minutes AS "catchUpMinutes", p.name AS "pausedBy", t.paused_at AS "pausedAt", ${state} AS state, t.next_due AS "nextDue",
    CASE WHEN t.built_in THEN ${ofBuiltIn} ELSE l.at END AS "lastAt", l.status AS "lastStatus", l.words AS "lastWords", t.runbook, t.plan, m.name AS "plannedBy", t.planned_at AS "plannedAt", t.unplanned_at AS "unplannedAt", t.version`,
  joins: `LEFT JOIN ops.operator p ON p.id = t.paused_by LEFT JOIN ops.operator m ON m.id = t.planned_by
    LEFT JOIN LATERAL (SELECT coalesce(r.last_due_at, r.due_at) AS at, ${ended} AS status, r.words FROM ops.schedule_run r LEFT JOIN ops.run u ON u.id = r.run_id WHERE r.schedule_id = t.id ORDER BY r.due_at DESC LIMIT 1) l ON true`,
  defaultSort: { field: 'name', descending: false },
  fields: {
    text: text('t.name', { exact: ['lower(t.name || t.title) LIKE {contains}'] }),
    id: number('t.id'),
    name: text('t.name', { sortable: true }),
    status: meaning({
      paused: 't.paused_at IS NOT NULL',
      'built in': 't.built_in',
      going: 't.paused_at IS NULL AND t.unplanned_at IS NULL AND NOT t.built_in',
      planned: 't.runbook IS NOT NULL AND t.unplanned_at IS NULL',
      unplanned: 't.unplanned_at IS NOT NULL',
    }),
    failed: flag(
      `(SELECT ${ended} FROM ops.schedule_run r LEFT JOIN ops.run u ON u.id = r.run_id WHERE r.schedule_id = t.id ORDER BY r.due_at DESC LIMIT 1) IN ('failed', 'missed')`,
    ),
  },
});

export const findSchedule = (db: Db, id: bigint): Promise<ScheduleRow | undefined> => schedulePage.find(db, id);

/** A due time, what became of it and by whose console. */
export type DueRow = {
  readonly dueAt: Date;
  readonly lastDueAt: Date | null;
  readonly times: number;
  readonly status: DueStatus;
  readonly askedBy: string | null;
  readonly by: string | null;
  readonly client: string | null;
  readonly claims: number;
  readonly seconds: number | null;
  readonly words: string | null;
  /** What it queued, and how that stands. */
  readonly run: bigint | null;
  readonly runStatus: RunStatus | null;
};

/** The latest due times of a job, the newest first. */
export const historyOf = (db: Db, { id }: ScheduleRow): Promise<readonly DueRow[]> =>
  db.$queryRaw<DueRow[]>`
    SELECT r.due_at AS "dueAt", r.last_due_at AS "lastDueAt", r.times, r.status, a.name AS "askedBy", o.name AS by, s.client, r.claims,
           extract(epoch FROM coalesce(u.finished_at, r.finished_at, clock_timestamp()) - coalesce(u.began_at, r.began_at))::int AS seconds, r.words,
           u.number AS run, u.status AS "runStatus"
      FROM ops.schedule_run r LEFT JOIN ops.run u ON u.id = r.run_id LEFT JOIN ops.operator a ON a.id = r.asked_by LEFT JOIN ops.operator_session s ON s.id = r.claimed_by LEFT JOIN ops.operator o ON o.id = s.operator_id
     WHERE r.schedule_id = ${id} ORDER BY r.due_at DESC LIMIT 20`;

export const setSchedulePaused = async (db: Db, { id, version }: ScheduleRow, paused: boolean): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.set_schedule_paused(${id}, ${paused}, ${version}::int)`;
};

export const runScheduleNow = async (db: Db, { id }: ScheduleRow): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.run_schedule_now(${id})`;
};

/** What is planned of a job that has this name; undefined where the name is free, or was given back. */
export const jobNamed = async (db: Db, name: string): Promise<{ readonly id: bigint } | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.schedule WHERE name = ${name} AND unplanned_at IS NULL`;
  return row;
};

export const zoneOfBank = async (db: Db): Promise<string> => {
  const [row] = await db.$queryRaw<{ zone: string }[]>`SELECT time_zone AS zone FROM bank.calendar`;
  if (!row) throw new Error('the database has no calendar');
  return row.zone;
};

export type NewPlan = {
  readonly name: string;
  readonly title: string;
  readonly words: string;
  readonly cron: string;
  readonly catchUpMinutes: number;
  readonly run: NewRun;
};

/** Plans a run: what is queued later is what is stored now. */
export const planRun = async (
  db: Db,
  { name, title, words, cron, catchUpMinutes, run: { runbook, ...plan } }: NewPlan,
): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM ops.plan_run(${name}, ${title}, ${words}, ${cron}, ${catchUpMinutes}::int, ${runbook}, ${storedJson(plan)}::jsonb)`;
  if (!row) throw new Error('the run was not planned');
  return row.id;
};

export const unplanRun = async (db: Db, { id, version }: ScheduleRow): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.unplan_run(${id}, ${version}::int)`;
};
