import type { Db } from '../../database/client.ts';
import { meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import type { SecurityKind, SecurityLevel, SecurityStatus } from '../../domain/security-event.ts';
import { securityKinds, securityLevels } from '../../domain/security-event.ts';

/** Something that the database found in sign-ins, in the audit log or in rewards, and how often. */
export type SecurityRow = Keyed & {
  readonly kind: SecurityKind;
  readonly level: SecurityLevel;
  readonly source: string;
  readonly ip: string | null;
  readonly userId: bigint | null;
  readonly username: string | null;
  readonly userStatus: string | null;
  readonly operator: string | null;
  readonly summary: string;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly status: SecurityStatus;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgeNote: string | null;
  /** The name that was typed, where it is about one; there may be no such user. */
  readonly name: string | null;
  /** The walkthrough that is open about its user or operator. */
  readonly flowId: bigint | null;
  /** Full hours since it began, and one. */
  readonly hours: number;
};

// As ops.asks_for_somebody says it, with the setting read once and not for each row
const ranked = (level: string): string => `array_position(ARRAY['info', 'warning', 'critical'], ${level})`;
const isGrave = `${ranked('t.level')} >= (SELECT ${ranked('s.value #>> ARRAY[]::text[]')} FROM platform.setting s WHERE s.key = 'security.log-level')`;
const asks = `(t.acknowledged_at IS NULL OR t.acknowledged_at < t.last_at) AND ${isGrave}`;
const openFlow = `(SELECT max(f.id) FROM ops.flow f WHERE f.closed_at IS NULL AND ((f.subject_kind = 'user' AND f.subject_id = t.user_id)
    OR (f.subject_kind = 'operator' AND f.subject_id = (SELECT o.id FROM ops.operator o WHERE o.name = t.operator))))`;

export const securityPage = pageOf<SecurityRow>({
  table: 'ops.security_event',
  select: `t.kind, t.level, t.source, host(t.ip) AS ip, t.user_id AS "userId", u.username, u.status::text AS "userStatus", t.operator, t.summary, t.count, t.first_at AS "firstAt", t.last_at AS "lastAt",
    CASE WHEN t.acknowledged_at >= t.last_at THEN 'acknowledged' WHEN NOT (${isGrave}) THEN 'noted' WHEN t.acknowledged_at IS NOT NULL THEN 'again' ELSE 'open' END AS status,
    o.name AS "acknowledgedBy", t.acknowledged_at AS "acknowledgedAt", t.acknowledge_note AS "acknowledgeNote", ${openFlow} AS "flowId",
    CASE WHEN t.kind IN ('failed logins', 'lockout') AND t.operator IS NULL THEN regexp_replace(t.dedupe_key, '^[^|]*[|](.*)[|][^|]*$', '\\1') END AS name,
    (1 + extract(epoch FROM clock_timestamp() - t.first_at) / 3600)::int AS hours`,
  joins: 'LEFT JOIN bank."user" u ON u.id = t.user_id LEFT JOIN ops.operator o ON o.id = t.acknowledged_by',
  defaultSort: { field: 'last', descending: true },
  fields: {
    text: text('t.source', { exact: ['(t.source = {text} OR lower(t.summary) LIKE {contains})'] }),
    id: number('t.id'),
    kind: oneOf('t.kind', securityKinds),
    level: oneOf('t.level', securityLevels),
    status: meaning({ open: asks, acknowledged: 't.acknowledged_at >= t.last_at', noted: `NOT (${isGrave})` }),
    source: text('t.source'),
    ip: text('host(t.ip)'),
    user: text('t.user_id', { exact: ['t.user_id = (SELECT w.id FROM bank."user" w WHERE w.username = lower({text}))'] }),
    operator: text('t.operator'),
    last: time('t.last_at', { sortable: true }),
  },
});

/** The event as it is now, or undefined. */
export const findSecurityEvent = (db: Db, id: bigint): Promise<SecurityRow | undefined> => securityPage.find(db, id);

export const acknowledgeEvent = async (db: Db, id: bigint, note: string, count: number): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.acknowledge_security_event(${id}, ${note}, ${count}::int)`;
};

/** One of the things that were counted, and what happened around them. */
export type Behind = { readonly at: Date; readonly what: string; readonly who: string; readonly from: string };

const shown = 8;

const signInsBehind = async (db: Db, { name, ip, userId, firstAt, lastAt, kind }: SecurityRow): Promise<readonly Behind[]> => {
  const [from, until] = [new Date(firstAt.getTime() - 60_000), new Date(lastAt.getTime() + 3_600_000)];
  if (kind === 'brute force')
    return db.$queryRaw<Behind[]>`
      SELECT at, replace(type, '_', ' ') AS what, username AS who, host(ip) AS from FROM bank.auth_event
       WHERE host(ip) = ${ip} AND at BETWEEN ${from} AND ${until} ORDER BY at DESC LIMIT ${shown}`;
  if (name !== null)
    return db.$queryRaw<Behind[]>`
      SELECT at, replace(type, '_', ' ') AS what, username AS who, host(ip) AS from FROM bank.auth_event
       WHERE username = ${name} AND at BETWEEN ${from} AND ${until} ORDER BY at DESC LIMIT ${shown}`;
  return db.$queryRaw<Behind[]>`
    SELECT at, replace(type, '_', ' ') AS what, username AS who, host(ip) AS from FROM bank.auth_event
     WHERE user_id = ${userId} AND at <= ${until} ORDER BY at DESC LIMIT ${shown}`;
};

const actsBehind = async (db: Db, { operator, ip, firstAt, lastAt }: SecurityRow): Promise<readonly Behind[]> =>
  operator === null
    ? db.$queryRaw<Behind[]>`
        SELECT at, action || ' ' || outcome AS what, coalesce(operator, 'nobody') AS who, coalesce(host(ip), 'this machine') AS from FROM ops.audit
         WHERE at BETWEEN ${firstAt} AND ${lastAt} AND action = 'sessions.open' AND outcome = 'refused' AND host(ip) IS NOT DISTINCT FROM ${ip}
         ORDER BY seq DESC LIMIT ${shown}`
    : db.$queryRaw<Behind[]>`
        SELECT at, action || ' ' || outcome AS what, entity || ' ' || coalesce(entity_label, entity_id) AS who, coalesce(host(ip), client, '-') AS from FROM ops.audit
         WHERE operator = ${operator} AND at BETWEEN ${firstAt} AND ${lastAt} ORDER BY seq DESC LIMIT ${shown}`;

const rewardsBehind = async (db: Db, { userId, firstAt, lastAt }: SecurityRow): Promise<readonly Behind[]> =>
  db.$queryRaw<Behind[]>`
    SELECT at, points || ' XP' AS what, reason AS who, 'rewards' AS from FROM platform.xp_event
     WHERE user_id = ${userId} AND at BETWEEN ${firstAt} AND ${lastAt} ORDER BY at DESC LIMIT ${shown}`;

/** Whether it was counted from the audit log rather than from what users do. */
const isOfOperators = ({ operator, kind, summary }: SecurityRow): boolean =>
  operator !== null || (kind === 'brute force' && summary.includes('this console'));

/** The sign-ins, acts or rewards that an event was counted from, newest first. */
export const behindEvent = (db: Db, event: SecurityRow): Promise<readonly Behind[]> => {
  if (event.kind === 'abuse') return rewardsBehind(db, event);
  return isOfOperators(event) ? actsBehind(db, event) : signInsBehind(db, event);
};

/** How much there was of it in each of the last 24 hours, the running one last. */
export const perHourOf = async (db: Db, event: SecurityRow): Promise<readonly number[]> => {
  const since = new Date(Date.now() - 24 * 3_600_000);
  const name = event.name ?? event.username;
  const rows =
    event.kind === 'abuse'
      ? await db.$queryRaw<{ ago: number; n: number }[]>`
          SELECT floor(extract(epoch FROM now() - at) / 3600)::int AS ago, count(*)::int AS n FROM platform.xp_event WHERE user_id = ${event.userId} AND at > ${since} GROUP BY 1`
      : isOfOperators(event)
        ? await db.$queryRaw<{ ago: number; n: number }[]>`
            SELECT floor(extract(epoch FROM now() - at) / 3600)::int AS ago, count(*)::int AS n FROM ops.audit
             WHERE at > ${since} AND operator IS NOT DISTINCT FROM ${event.operator} AND outcome = 'refused' GROUP BY 1`
        : event.kind === 'brute force'
          ? await db.$queryRaw<{ ago: number; n: number }[]>`
              SELECT floor(extract(epoch FROM now() - at) / 3600)::int AS ago, count(*)::int AS n FROM bank.auth_event
               WHERE host(ip) = ${event.ip} AND at > ${since} AND type IN ('login_failure', 'login_blocked') GROUP BY 1`
          : await db.$queryRaw<{ ago: number; n: number }[]>`
              SELECT floor(extract(epoch FROM now() - at) / 3600)::int AS ago, count(*)::int AS n FROM bank.auth_event
               WHERE username = ${name} AND at > ${since} AND type IN ('login_failure', 'login_blocked') GROUP BY 1`;
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { ago, n } of rows) if (ago >= 0 && ago < 24) hours[23 - ago] = n;
  return hours;
};
