import type { Db } from '../../database/client.ts';
import { flag, meaning, number, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

export type ScheduleState = 'ready' | 'waiting' | 'running' | 'overdue' | 'paused' | 'built in';
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
  readonly version: number;
};

/** What a loop that every console has keeps of itself. */
const ofBuiltIn = `CASE t.name WHEN 'detection' THEN (SELECT max(d.started_at) FROM ops.detection_run d)
  WHEN 'security-events' THEN (SELECT w.gathered_at FROM ops.security_watch w) WHEN 'notices' THEN (SELECT max(n.sent_at) FROM ops.notice n) END`;

const having = (status: string): string => `EXISTS (SELECT FROM ops.schedule_run o WHERE o.schedule_id = t.id AND o.status = '${status}')`;

const state = `CASE WHEN t.built_in THEN 'built in' WHEN ${having('claimed')} THEN 'running' WHEN ${having('waiting')} THEN 'waiting' WHEN t.paused_at IS NOT NULL THEN 'paused'
  WHEN t.next_due[1] < clock_timestamp() - interval '2 minutes' THEN 'overdue' ELSE 'ready' END`;

export const schedulePage = pageOf<ScheduleRow>({
  table: 'ops.schedule',
  select: `t.name, t.title, t.words, t.cron, (SELECT c.time_zone FROM bank.calendar c) AS "timeZone", t.permission, t.built_in AS "builtIn", t.repeatable,
    t.catch_up_minutes AS "catchUpMinutes", p.name AS "pausedBy", t.paused_at AS "pausedAt", ${state} AS state, t.next_due AS "nextDue",
    CASE WHEN t.built_in THEN ${ofBuiltIn} ELSE l.at END AS "lastAt", l.status AS "lastStatus", l.words AS "lastWords", t.version`,
  joins: `LEFT JOIN ops.operator p ON p.id = t.paused_by
    LEFT JOIN LATERAL (SELECT coalesce(r.last_due_at, r.due_at) AS at, r.status, r.words FROM ops.schedule_run r WHERE r.schedule_id = t.id ORDER BY r.due_at DESC LIMIT 1) l ON true`,
  defaultSort: { field: 'name', descending: false },
  fields: {
    text: text('t.name', { exact: ['lower(t.name || t.title) LIKE {contains}'] }),
    id: number('t.id'),
    name: text('t.name', { sortable: true }),
    status: meaning({ paused: 't.paused_at IS NOT NULL', 'built in': 't.built_in', going: 't.paused_at IS NULL AND NOT t.built_in' }),
    failed: flag(
      `(SELECT r.status FROM ops.schedule_run r WHERE r.schedule_id = t.id ORDER BY r.due_at DESC LIMIT 1) IN ('failed', 'missed')`,
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
};

/** The latest due times of a job, the newest first. */
export const historyOf = (db: Db, { id }: ScheduleRow): Promise<readonly DueRow[]> =>
  db.$queryRaw<DueRow[]>`
    SELECT r.due_at AS "dueAt", r.last_due_at AS "lastDueAt", r.times, r.status, a.name AS "askedBy", o.name AS by, s.client, r.claims,
           extract(epoch FROM coalesce(r.finished_at, clock_timestamp()) - r.began_at)::int AS seconds, r.words
      FROM ops.schedule_run r LEFT JOIN ops.operator a ON a.id = r.asked_by LEFT JOIN ops.operator_session s ON s.id = r.claimed_by LEFT JOIN ops.operator o ON o.id = s.operator_id
     WHERE r.schedule_id = ${id} ORDER BY r.due_at DESC LIMIT 20`;

export const setSchedulePaused = async (db: Db, { id, version }: ScheduleRow, paused: boolean): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.set_schedule_paused(${id}, ${paused}, ${version}::int)`;
};

export const runScheduleNow = async (db: Db, { id }: ScheduleRow): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.run_schedule_now(${id})`;
};
