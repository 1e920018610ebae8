type Rows = { readonly rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]> };

/** So many events of the platform, each a second older than the one before, the youngest of them so many days old. */
export const plantEvents = (bank: Rows, count: number, days: number): Promise<unknown> =>
  bank.rows(
    `INSERT INTO platform.event (at, level, source, message)
     SELECT clock_timestamp() - make_interval(days => $2::int, secs => n), 'info', 'test', 'event ' || n FROM generate_series(1, $1::int) n`,
    [count, days],
  );

/** So many acknowledged security events of that age. */
export const plantSecurityEvents = (bank: Rows, count: number, days: number): Promise<unknown> =>
  bank.rows(
    `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))
     INSERT INTO ops.security_event (kind, level, source, subject, summary, first_at, last_at, dedupe_key, acknowledged_by, acknowledged_at, acknowledge_note)
     SELECT 'failed logins', 'info', 'test', 'test', 'event ' || n, a.at, a.at, 'test ' || gen_random_uuid(), 1, a.at, 'looked at by a test'
       FROM off, generate_series(1, $1::int) n, LATERAL (SELECT clock_timestamp() - make_interval(days => $2::int, secs => n) AS at) a`,
    [count, days],
  );

/** How many events of the platform are older than so many days. */
export const eventsOlder = async (bank: Rows, days: number): Promise<number> => {
  const [row] = await bank.rows(
    `SELECT count(*)::int AS count FROM platform.event WHERE at < clock_timestamp() - make_interval(days => $1)`,
    [days],
  );
  return Number(row?.['count']);
};
