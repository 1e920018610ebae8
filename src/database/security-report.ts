import type { Direct } from './direct.ts';

type KindCount = {
  readonly kind: string;
  readonly level: string;
  readonly events: number;
  /** How often they were seen, all together. */
  readonly seen: number;
  readonly open: number;
};
type OpenEvent = {
  readonly id: number;
  readonly level: string;
  readonly kind: string;
  readonly summary: string;
  readonly count: number;
  readonly last: string;
};
type Source = { readonly name: string; readonly failures: number; readonly last: string };

/** What happened to the bank's doors in so many days, and by which thresholds it was counted. */
export type SecurityReport = {
  readonly days: number;
  readonly since: string;
  readonly until: string;
  readonly demo: boolean;
  readonly thresholds: Readonly<Record<string, unknown>>;
  readonly kinds: readonly KindCount[];
  readonly open: readonly OpenEvent[];
  readonly addresses: readonly Source[];
  readonly usernames: readonly Source[];
  readonly operators: readonly Source[];
  /** Failed sign-ins of users in each of the last 24 hours, the running one last. */
  readonly failuresPerHour: readonly number[];
};

const instant = (sql: string): string => `to_char((${sql}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
const mostOpen = 50;

const ranked = (column: string): string => `
  SELECT ${column} AS name, count(*)::int AS failures, ${instant('max(at)')} AS last FROM bank.auth_event
   WHERE type = 'login_failure' AND at > now() - make_interval(days => $1) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`;

/** Reads the report of the last days, the most pressing first. */
export const readSecurityReport = async (connection: Direct, days: number): Promise<SecurityReport> => {
  const asks = `(e.acknowledged_at IS NULL OR e.acknowledged_at < e.last_at) AND e.level = ANY (ARRAY(SELECT l FROM unnest(ARRAY['info', 'warning', 'critical']) l WHERE ops.asks_for_somebody(l)))`;
  const rank = `array_position('{critical,warning,info}', e.level)`;
  const ask = async <Row extends object>(sql: string, values: readonly unknown[] = [days]): Promise<readonly Row[]> =>
    (await connection.query<Row>(sql, [...values])).rows;
  const [span] = await ask<Pick<SecurityReport, 'since' | 'until' | 'demo'>>(
    `SELECT ${instant('now() - make_interval(days => $1)')} AS since, ${instant('now()')} AS until, EXISTS (SELECT FROM platform.demo_marker) AS demo`,
  );
  const [settings] = await ask<{ thresholds: SecurityReport['thresholds'] }>(
    `SELECT jsonb_object_agg(key, value ORDER BY key) AS thresholds FROM platform.setting WHERE key ~ '^(security[.](log|alert-)|security[.]lockout|abuse[.])'`,
    [],
  );
  const kinds = await ask<KindCount>(
    `SELECT e.kind, e.level, count(*)::int AS events, sum(e.count)::int AS seen, count(*) FILTER (WHERE ${asks})::int AS open
       FROM ops.security_event e WHERE e.last_at > now() - make_interval(days => $1) GROUP BY e.kind, e.level ORDER BY ${rank}, 3 DESC, 1`,
  );
  const open = await ask<OpenEvent>(
    `SELECT e.id::int AS id, e.level, e.kind, e.summary, e.count, ${instant('e.last_at')} AS last FROM ops.security_event e
      WHERE e.last_at > now() - make_interval(days => $1) AND ${asks} ORDER BY ${rank}, e.last_at DESC LIMIT ${mostOpen}`,
  );
  const operators = await ask<Source>(
    `SELECT coalesce(o.name, 'a name that nobody has') AS name, count(*)::int AS failures, ${instant('max(a.at)')} AS last FROM ops.sign_in_attempt a LEFT JOIN ops.operator o ON o.id = a.operator_id
      WHERE NOT a.succeeded AND a.at > now() - make_interval(days => $1) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`,
  );
  const hours = await ask<{ n: number }>(
    `SELECT count(e.at)::int AS n FROM generate_series(0, 23) AS ago LEFT JOIN bank.auth_event e ON e.type = 'login_failure'
        AND e.at > now() - make_interval(hours => ago + 1) AND e.at <= now() - make_interval(hours => ago) GROUP BY ago ORDER BY ago DESC`,
    [],
  );
  if (!span || !settings) throw new Error('the database told nothing about itself');
  return {
    days,
    ...span,
    thresholds: settings.thresholds,
    kinds,
    open,
    addresses: await ask<Source>(ranked('host(ip)')),
    usernames: await ask<Source>(ranked('username')),
    operators,
    failuresPerHour: hours.map(({ n }) => n),
  };
};
