import type { Db } from '../../database/client.ts';
import { flag, meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

const phases = ['first 15 minutes', '15 to 60 minutes', 'after'] as const;

export type StepRow = Keyed & {
  readonly incidentId: bigint;
  readonly incident: string;
  readonly reviewed: boolean;
  readonly phase: (typeof phases)[number];
  readonly title: string;
  readonly dueAt: Date;
  /** Seconds until it is due, by the clock of the database; negative once it is late. */
  readonly dueIn: number;
  readonly lateBy: number | null;
  readonly skipped: boolean;
  readonly doneBy: string | null;
  readonly doneAt: Date | null;
  readonly note: string | null;
  readonly version: number;
};

export const stepPage = pageOf<StepRow>({
  table: 'ops.incident_step',
  select: `t.incident_id AS "incidentId", i.title AS incident, i.status = 'reviewed' AS reviewed, t.phase, t.title, t.due_at AS "dueAt",
    floor(extract(epoch FROM t.due_at - clock_timestamp()))::int AS "dueIn", ceil(extract(epoch FROM t.done_at - t.due_at))::int AS "lateBy",
    t.skipped, o.name AS "doneBy", t.done_at AS "doneAt", t.note, t.version`,
  joins: 'JOIN ops.incident i ON i.id = t.incident_id LEFT JOIN ops.operator o ON o.id = t.done_by',
  defaultSort: { field: 'due', descending: false },
  fields: {
    text: text('t.title', { exact: ['lower(t.title) LIKE {contains}'] }),
    id: number('t.id'),
    incident: number('t.incident_id'),
    phase: oneOf('t.phase', phases),
    state: meaning({ open: 't.done_at IS NULL', done: 't.done_at IS NOT NULL AND NOT t.skipped', skipped: 't.skipped' }),
    overdue: flag(
      `(t.done_at IS NULL AND t.due_at <= clock_timestamp() AND NOT EXISTS (SELECT FROM ops.incident r WHERE r.id = t.incident_id AND r.status = 'reviewed'))`,
    ),
    due: time('t.due_at', { sortable: true }),
  },
});

/** The step as it is now, or undefined. */
export const findStep = (db: Db, id: bigint): Promise<StepRow | undefined> => stepPage.find(db, id);

/** Ticks off, skips or opens again, by the action under way. */
export const settleStep = async (db: Db, step: Pick<StepRow, 'id' | 'version'>, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.settle_incident_step(${step.id}, ${step.version}::int, ${note})`;
};
