import type { Db } from '../../database/client.ts';
import { meaning, number, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

/** A time in which somebody was developer. */
export type DeveloperGrantRow = Keyed & {
  readonly operatorId: bigint;
  readonly operator: string;
  readonly isActive: boolean;
  readonly grantedBy: string | null;
  readonly grantedAt: Date;
  readonly expiresAt: Date;
  readonly incidentId: bigint | null;
  readonly incident: string | null;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
  readonly live: boolean;
  readonly version: number;
};

const live = 't.ended_at IS NULL AND t.expires_at > clock_timestamp()';
const named = '(SELECT o.name FROM ops.operator o WHERE o.id = t.operator_id)';

export const developerGrantPage = pageOf<DeveloperGrantRow>({
  table: `(SELECT * FROM ops.role_grant WHERE role = 'developer')`,
  select: `t.operator_id AS "operatorId", o.name AS operator, o.is_active AS "isActive", o.version, b.name AS "grantedBy", t.granted_at AS "grantedAt", t.expires_at AS "expiresAt",
    t.incident_id AS "incidentId", i.title AS incident, t.ended_at AS "endedAt", e.name AS "endedBy", ${live} AS live`,
  joins: `JOIN ops.operator o ON o.id = t.operator_id LEFT JOIN ops.operator b ON b.id = t.granted_by LEFT JOIN ops.operator e ON e.id = t.ended_by
    LEFT JOIN ops.incident i ON i.id = t.incident_id`,
  defaultSort: { field: 'granted', descending: true },
  fields: {
    text: text(named),
    id: number('t.id'),
    operator: text(named),
    incident: number('t.incident_id'),
    status: meaning({ live, ended: `NOT (${live})` }),
    granted: time('t.granted_at', { sortable: true }),
  },
});

export type DoneUnder = {
  readonly seq: bigint;
  readonly at: Date;
  readonly action: string;
  readonly record: string;
  readonly outcome: string;
};

/** Everything that somebody did while they were developer, newest first, and how much of it there is. */
export const doneUnder = async (
  db: Db,
  { operator, grantedAt, expiresAt, endedAt }: DeveloperGrantRow,
  most: number,
): Promise<{ readonly acts: readonly DoneUnder[]; readonly total: number }> => {
  const end = endedAt ?? expiresAt;
  const [acts, [count]] = await Promise.all([
    db.$queryRaw<DoneUnder[]>`
      SELECT seq, at, action, entity || ' ' || coalesce(entity_label, entity_id) AS record, outcome::text
        FROM ops.audit WHERE operator = ${operator} AND at >= ${grantedAt} AND at <= ${end} ORDER BY seq DESC LIMIT ${most}`,
    db.$queryRaw<{ total: number }[]>`
      SELECT count(*)::int AS total FROM ops.audit WHERE operator = ${operator} AND at >= ${grantedAt} AND at <= ${end}`,
  ]);
  return { acts, total: count?.total ?? 0 };
};
