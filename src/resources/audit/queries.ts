import type { Db } from '../../database/client.ts';
import { number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { auditedEntities, auditOutcomes, verbs, type AuditOutcome, type Verb } from '../../domain/audit.ts';

/** A row of the audit log without its documents, which may be large. Its id is its place in the chain. */
export type AuditRow = Keyed & {
  readonly at: Date;
  readonly operator: string | null;
  readonly ip: string | null;
  readonly client: string | null;
  readonly action: string;
  readonly verb: Verb;
  readonly entity: string;
  readonly entityId: string;
  readonly entityLabel: string | null;
  readonly outcome: AuditOutcome;
  readonly reason: string | null;
  readonly note: string | null;
  readonly error: string | null;
  readonly requestId: string | null;
  readonly correlationId: string | null;
};

// Text that is no UUID must find nothing; cast, it would be an error
const asUuid = `CASE WHEN {text} ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN {text}::uuid END`;
// The index begins with the entity: with all of them named it is found by id alone
const anyEntity = `t.entity IN (${auditedEntities.map(entity => `'${entity}'`).join(', ')})`;

const byRole = 't.operator IN (SELECT o.name FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id WHERE r.role = {text})';

// All that somebody did while they were developer
const underGrant = `(t.operator, true) IN (SELECT o.name, t.at BETWEEN g.granted_at AND coalesce(g.ended_at, g.expires_at, 'infinity')
    FROM ops.role_grant g JOIN ops.operator o ON o.id = g.operator_id WHERE g.id = CASE WHEN {text} ~ '^[0-9]{1,18}$' THEN {text}::bigint END)`;

// Rows are sealed in the order of time. With none that late, no row is old enough either
const firstSince = `coalesce((SELECT a.seq FROM ops.audit a WHERE a.at >= {at} ORDER BY a.at, a.seq LIMIT 1), ${2n ** 63n - 1n})`;

export const auditPage = pageOf<AuditRow>({
  table: 'ops.audit',
  id: 't.seq',
  select: `t.at, t.operator, host(t.ip) AS ip, t.client, t.action, t.verb, t.entity, t.entity_id AS "entityId", t.entity_label AS "entityLabel",
    t.outcome::text, t.reason, t.note, t.error, t.request_id AS "requestId", t.correlation_id AS "correlationId"`,
  defaultSort: { field: 'seq', descending: true },
  fields: {
    text: text('t.action', { exact: ['t.action BETWEEN {text} AND {upTo}', `t.request_id = ${asUuid}`, `t.correlation_id = ${asUuid}`] }),
    seq: number('t.seq', { sortable: true }),
    time: time('t.at', { sortable: true, ordered: { id: 't.seq', first: firstSince } }),
    operator: text('t.operator'),
    role: text('t.operator', { exact: [byRole] }),
    grant: text('t.operator', { exact: [underGrant] }),
    action: text('t.action', { like: ['t.action BETWEEN {text} AND {upTo}'] }),
    verb: oneOf('t.verb', verbs),
    entity: oneOf('t.entity', auditedEntities),
    record: text('t.entity_id', { exact: [`t.entity_id = {text} AND ${anyEntity}`] }),
    outcome: oneOf('t.outcome', auditOutcomes, 'ops.outcome'),
  },
});

/** One key of what an action changed; values as JSON, cut where they are long. */
export type Change = { readonly key: string; readonly before: string | null; readonly after: string | null };

export type Seal = {
  readonly sessionId: string | null;
  readonly approvalId: string | null;
  readonly dbRole: string;
  readonly prev: string;
  readonly hash: string;
  /** Whether the row still has the content that was hashed. */
  readonly intact: boolean;
  readonly changes: readonly Change[];
};

/** What a row holds beyond the list: the documents key by key, compared where they are kept, and its seal. */
export const sealOf = async (db: Db, seq: bigint): Promise<Seal> => {
  const [[seal], changes] = await Promise.all([
    db.$queryRaw<Omit<Seal, 'changes'>[]>`
      SELECT a.session_id AS "sessionId", a.approval_id AS "approvalId", a.db_role AS "dbRole", encode(a.prev, 'hex') AS prev, encode(a.hash, 'hex') AS hash,
             a.hash = ops.audit_hash(a.prev, a) AS intact
        FROM ops.audit a WHERE a.seq = ${seq}`,
    db.$queryRaw<Change[]>`
      SELECT key, left(b.value #>> '{}', 1000) AS before, left(n.value #>> '{}', 1000) AS after
        FROM (SELECT CASE jsonb_typeof(old) WHEN 'object' THEN old ELSE '{}' END AS old, CASE jsonb_typeof(new) WHEN 'object' THEN new ELSE '{}' END AS new
                FROM ops.audit WHERE seq = ${seq}) a,
             LATERAL (SELECT key, value FROM jsonb_each(a.old)) b FULL JOIN LATERAL (SELECT key, value FROM jsonb_each(a.new)) n USING (key)
       WHERE b.value IS DISTINCT FROM n.value ORDER BY b.key IS NULL, key LIMIT 200`,
  ]);
  if (!seal) throw new Error(`audit row ${seq} is gone`);
  return { ...seal, changes };
};
