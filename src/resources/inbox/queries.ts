import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

const requestStates = ['pending', 'approved', 'rejected', 'cancelled', 'expired', 'executed', 'failed'] as const;
type RequestState = (typeof requestStates)[number];

/** A request that somebody made and somebody else decides. Its id is the number people call it by. */
export type RequestRow = Keyed & {
  readonly uuid: string;
  readonly action: string;
  readonly entity: string;
  readonly entityId: string;
  readonly label: string;
  readonly status: RequestState;
  readonly note: string;
  readonly maker: string;
  readonly madeAt: Date;
  readonly expiresAt: Date;
  readonly checker: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionNote: string | null;
  readonly executedAt: Date | null;
  readonly error: string | null;
  readonly breakGlass: boolean;
  readonly mayBreakGlass: boolean;
  readonly incident: bigint | null;
  readonly verdict: 'ratified' | 'disputed' | null;
  readonly verdictBy: string | null;
  readonly verdictNote: string | null;
  readonly preview: readonly string[];
};

// Nothing runs at the hour of expiry: whoever looks sees by the clock of the database that it has passed
const status = `CASE WHEN t.status = 'pending' AND t.expires_at <= clock_timestamp() THEN 'expired' ELSE t.status END`;
const toJudge = `t.break_glass AND t.status = 'executed' AND t.verdict IS NULL`;

export const requestPage = pageOf<RequestRow>({
  table: 'ops.approval',
  id: 't.number',
  select: `t.id::text AS uuid, t.action, t.entity, t.entity_id AS "entityId", t.entity_label AS label, ${status} AS status, t.note, m.name AS maker,
    t.made_at AS "madeAt", t.expires_at AS "expiresAt", p.checker, d.name AS "decidedBy", t.decided_at AS "decidedAt", t.decision_note AS "decisionNote",
    t.executed_at AS "executedAt", t.error, t.break_glass AS "breakGlass", p.break_glass AS "mayBreakGlass", t.incident_id AS incident, t.verdict,
    v.name AS "verdictBy", t.verdict_note AS "verdictNote", t.preview`,
  joins: `JOIN ops.operator m ON m.id = t.maker_id JOIN ops.action_permission p ON p.action = t.action
    LEFT JOIN ops.operator d ON d.id = t.decided_by LEFT JOIN ops.operator v ON v.id = t.ratified_by`,
  defaultSort: { field: 'made', descending: true },
  fields: {
    text: text('t.entity_label', { exact: [`lower(t.entity_label || ' ' || t.note) LIKE {contains}`] }),
    number: number('t.number'),
    status: oneOf(status, requestStates),
    action: text('t.action'),
    maker: text('t.maker_id', { exact: ['t.maker_id = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    entity: text('t.entity'),
    record: text('t.entity_id'),
    checker: text('t.action', { exact: ['t.action IN (SELECT c.action FROM ops.action_permission c WHERE c.checker = {text})'] }),
    open: flag(`(t.status = 'pending' AND t.expires_at > clock_timestamp()) OR (${toJudge})`),
    glass: flag('t.break_glass'),
    made: time('t.made_at', { sortable: true }),
  },
});

export const findRequest = (db: Db, id: bigint): Promise<RequestRow | undefined> => requestPage.find(db, id);

export const rejectRequest = async (db: Db, id: bigint, note: string): Promise<void> => {
  await db.$queryRaw`SELECT number FROM ops.reject_request(${id}, ${note})`;
};

export const cancelRequest = async (db: Db, id: bigint, note: string): Promise<void> => {
  await db.$queryRaw`SELECT number FROM ops.cancel_request(${id}, ${note})`;
};

export const judgeRequest = async (db: Db, id: bigint, verdict: 'ratified' | 'disputed', note: string): Promise<void> => {
  await db.$queryRaw`SELECT number FROM ops.judge_request(${id}, ${verdict}, ${note})`;
};

/** What happened to the record since the request was made, newest first. */
export const sinceAsked = (
  db: Db,
  { entity, entityId, madeAt }: RequestRow,
): Promise<{ at: Date; operator: string | null; action: string; outcome: string }[]> =>
  db.audit.findMany({
    where: { entity, entityId, at: { gt: madeAt }, verb: { not: 'view' } },
    orderBy: { seq: 'desc' },
    take: 8,
    select: { at: true, operator: true, action: true, outcome: true },
  });
