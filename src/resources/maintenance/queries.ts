import type { Db } from '../../database/client.ts';
import { flag, meaning, number, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

export type MaintenanceState = 'planned' | 'on' | 'over' | 'ended early' | 'cancelled';

export type MaintenanceRow = Keyed & {
  readonly message: string;
  readonly fromAt: Date;
  readonly until: Date;
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly extended: number;
  readonly endedBy: string | null;
  readonly endedAt: Date | null;
  /** By the clock of the database. */
  readonly state: MaintenanceState;
  readonly version: number;
};

const on = 't.ended_at IS NULL AND t.from_at <= clock_timestamp() AND t.until > clock_timestamp()';
const planned = 't.ended_at IS NULL AND t.from_at > clock_timestamp()';

export const maintenancePage = pageOf<MaintenanceRow>({
  table: 'platform.maintenance',
  select: `t.message, t.from_at AS "fromAt", t.until, a.name AS "askedBy", t.asked_at AS "askedAt", t.extended, e.name AS "endedBy", t.ended_at AS "endedAt", t.version,
    CASE WHEN ${on} THEN 'on' WHEN ${planned} THEN 'planned' WHEN t.ended_at < t.from_at THEN 'cancelled' WHEN t.ended_at IS NOT NULL THEN 'ended early' ELSE 'over' END AS state`,
  joins: 'JOIN ops.operator a ON a.id = t.asked_by LEFT JOIN ops.operator e ON e.id = t.ended_by',
  defaultSort: { field: 'from', descending: true },
  fields: {
    text: text('t.message', { exact: ['lower(t.message) LIKE {contains}'] }),
    id: number('t.id'),
    state: meaning({ on, planned, over: `NOT (${on}) AND NOT (${planned})` }),
    early: flag('t.ended_at IS NOT NULL'),
    from: time('t.from_at', { sortable: true }),
    until: time('t.until'),
  },
});

export const findMaintenance = (db: Db, id: bigint): Promise<MaintenanceRow | undefined> => maintenancePage.find(db, id);

/** The window that is on now; undefined while people are let in. */
export const maintenanceNow = async (db: Db): Promise<{ readonly message: string; readonly until: Date } | undefined> => {
  const [row] = await db.$queryRaw<{ message: string; until: Date }[]>`SELECT message, until FROM platform.maintenance_now()`;
  return row;
};

/** Who is on the platform and in consoles now; users are counted up to 100,000. */
export type Present = { readonly users: number; readonly active: number; readonly operators: number };

export const presentNow = async (db: Db): Promise<Present> => {
  const [row] = await db.$queryRaw<Present[]>`
    SELECT (SELECT count(*)::int FROM (SELECT FROM bank.auth_session s WHERE s.ended_at IS NULL LIMIT 100000) open) AS users,
           (SELECT count(*)::int FROM (SELECT FROM bank.auth_session s WHERE s.last_seen_at > clock_timestamp() - interval '15 minutes' AND s.ended_at IS NULL LIMIT 100000) seen) AS active,
           (SELECT count(*)::int FROM ops.operator_session s WHERE s.revoked_at IS NULL AND s.expires_at > clock_timestamp()) AS operators`;
  if (!row) throw new Error('the database counted nobody');
  return row;
};

/** Opens a window, now or later; seconds long. */
export const openMaintenance = async (db: Db, message: string, from: Date | null, seconds: number): Promise<MaintenanceRow> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM platform.open_maintenance(${message}, ${from}::timestamptz, make_interval(secs => ${seconds}::int))`;
  const opened = row && (await findMaintenance(db, row.id));
  if (!opened) throw new Error('no window was opened');
  return opened;
};

export const extendMaintenance = async (db: Db, { id, version }: MaintenanceRow, seconds: number): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.extend_maintenance(${id}, make_interval(secs => ${seconds}::int), ${version}::int)`;
};

export const endMaintenance = async (db: Db, { id, version }: MaintenanceRow): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.end_maintenance(${id}, ${version}::int)`;
};
