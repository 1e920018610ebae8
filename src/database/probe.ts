import type { Direct } from './direct.ts';

/** How the server answers, and how its clock stands to ours. */
export type ServerProbe = {
  readonly version: string;
  readonly encoding: string;
  /** Database time less ours, in milliseconds; positive where the database is ahead. */
  readonly skew: number;
  /** How long one question takes there and back, in milliseconds. */
  readonly roundTrip: number;
  readonly standby: boolean;
};

export const probeServer = async (connection: Direct): Promise<ServerProbe> => {
  const sent = Date.now();
  const { rows } = await connection.query<{ version: string; encoding: string; at: number; standby: boolean }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at, pg_is_in_recovery() AS standby`,
  );
  const received = Date.now();
  const [row] = rows;
  if (!row) throw new Error('the database gave no answer');
  return {
    version: row.version,
    encoding: row.encoding,
    standby: row.standby,
    roundTrip: received - sent,
    skew: Math.round(row.at - (sent + received) / 2),
  };
};

/** Extensions that the tables rest on and that are not there. */
export const missingExtensions = async (connection: Direct): Promise<readonly string[]> => {
  const { rows } = await connection.query<{ name: string }>(
    `SELECT wanted AS name FROM unnest(ARRAY['pg_trgm', 'btree_gin', 'pgcrypto']) AS wanted WHERE wanted NOT IN (SELECT extname FROM pg_extension)`,
  );
  return rows.map(({ name }) => name);
};

/** Accounts whose balance is not the sum of their transactions; none in a sound bank. At most ten are named. */
export const unbalancedAccounts = async (connection: Direct): Promise<readonly string[]> => {
  const { rows } = await connection.query<{ number: string }>('SELECT number FROM bank.reconcile() LIMIT 10');
  return rows.map(({ number }) => number);
};

/** Who can work here, and whether everything is invented. */
export type Staff = { readonly demo: boolean; readonly operators: number; readonly administrators: number };

/** Administrators are those whose role has no end. */
export const probeBank = async (connection: Direct): Promise<Staff> => {
  const { rows } = await connection.query<Staff>(
    `SELECT EXISTS (SELECT FROM platform.demo_marker) AS demo, (SELECT count(*)::int FROM ops.operator WHERE is_active AND name <> 'database-owner') AS operators,
            (SELECT count(DISTINCT r.operator_id)::int FROM ops.operator_role r JOIN ops.operator o ON o.id = r.operator_id
              WHERE r.role = 'admin' AND o.is_active AND r.expires_at IS NULL) AS administrators`,
  );
  return rows[0] ?? { demo: false, operators: 0, administrators: 0 };
};

export type OutboxProbe = {
  readonly demo: boolean;
  readonly waiting: number;
  /** Since when the first of them could have been tried; null where none is due. */
  readonly dueSince: Date | null;
  /** Given up in the last seven days. */
  readonly dead: number;
};

export const probeOutbox = async (connection: Direct): Promise<OutboxProbe> => {
  const { rows } = await connection.query<OutboxProbe>(
    `SELECT EXISTS (SELECT FROM platform.demo_marker) AS demo, count(*) FILTER (WHERE status <> 'dead')::int AS waiting,
            min(due_at) FILTER (WHERE status <> 'dead' AND due_at <= clock_timestamp()) AS "dueSince", count(*) FILTER (WHERE status = 'dead')::int AS dead
       FROM ops.notice WHERE status IN ('waiting', 'failed', 'sending') OR (status = 'dead' AND created_at > clock_timestamp() - interval '7 days')`,
  );
  if (!rows[0]) throw new Error('the database gave no answer');
  return rows[0];
};

/** Up to when the rules of monitoring have seen what was posted; null where they never looked. */
type DetectionProbe = {
  readonly demo: boolean;
  readonly seenUntil: Date | null;
  /** Something was posted longer ago than an hour and after that. */
  readonly behind: boolean;
};

export const probeDetection = async (connection: Direct): Promise<DetectionProbe> => {
  const { rows } = await connection.query<DetectionProbe>(
    `SELECT EXISTS (SELECT FROM platform.demo_marker) AS demo, l.seen AS "seenUntil",
            EXISTS (SELECT FROM bank.transaction t WHERE t.posted_at < clock_timestamp() - interval '1 hour' AND t.posted_at >= coalesce(l.seen, '-infinity')) AS behind
       FROM (SELECT max(r.complete_until) AS seen FROM ops.detection_run r WHERE r.finished_at IS NOT NULL) l`,
  );
  if (!rows[0]) throw new Error('the database gave no answer');
  return rows[0];
};

/** The machines in use, and how much is planned for them. */
type MachinesProbe = {
  readonly demo: boolean;
  readonly now: Date;
  readonly machines: readonly { readonly name: string; readonly validUntil: Date }[];
  readonly planned: number;
};

export const probeMachines = async (connection: Direct): Promise<MachinesProbe> => {
  const { rows: facts } = await connection.query<Omit<MachinesProbe, 'machines'>>(
    `SELECT EXISTS (SELECT FROM platform.demo_marker) AS demo, clock_timestamp() AS now,
            (SELECT count(*)::int FROM ops.schedule WHERE runbook IS NOT NULL AND unplanned_at IS NULL AND paused_at IS NULL) AS planned`,
  );
  const [fact] = facts;
  if (!fact) throw new Error('the database gave no answer');
  const { rows: machines } = await connection.query<{ name: string; validUntil: Date }>(
    `SELECT m.name, k.valid_until AS "validUntil" FROM ops.machine m JOIN ops.machine_key k ON k.operator_id = m.operator_id AND k.ended_at IS NULL ORDER BY k.valid_until, m.name`,
  );
  return { ...fact, machines };
};
