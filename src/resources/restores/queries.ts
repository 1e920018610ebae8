import type { Db } from '../../database/client.ts';
import { formatAge } from '../../domain/backup.ts';
import { formerStemOf, stemOf } from '../../domain/names-beside.ts';

/** What a restore to a time would take away and what stays, as of now. */
export type LossSince = {
  readonly database: string;
  readonly transactions: number;
  /** By currency, in minor units. */
  readonly sums: readonly { readonly currency: string; readonly sum: bigint }[];
  readonly accounts: number;
  readonly users: number;
  readonly freezes: number;
  readonly deactivations: number;
};

/** Counts what came after a time. */
export const lossSince = async (db: Db, since: Date): Promise<LossSince> => {
  const sums = await db.$queryRaw<{ currency: string; count: number; sum: bigint }[]>`
    SELECT currency, count(*)::int AS count, sum(amount)::bigint AS sum FROM bank.transaction WHERE posted_at > ${since} GROUP BY currency ORDER BY currency`;
  const [counted] = await db.$queryRaw<Omit<LossSince, 'transactions' | 'sums'>[]>`
    SELECT current_database()::text AS database,
           (SELECT count(*)::int FROM bank.account WHERE opened_at > ${since}) AS accounts,
           (SELECT count(*)::int FROM bank."user" WHERE created_at > ${since}) AS users,
           (SELECT count(*)::int FROM ops.hold WHERE placed_at > ${since} AND released_at IS NULL) AS freezes,
           (SELECT count(DISTINCT a.entity_id)::int FROM ops.audit a JOIN bank."user" u ON u.id::text = a.entity_id
             WHERE a.entity = 'user' AND a.outcome = 'success' AND a.at > ${since} AND u.status IN ('locked', 'deactivated')) AS deactivations`;
  if (!counted) throw new Error('the database gave no answer');
  return { ...counted, transactions: sums.reduce((all, { count }) => all + count, 0), sums };
};

export type DrillSeen = {
  readonly host: string;
  readonly backup: string | null;
  readonly takenAt: Date | null;
  readonly succeeded: boolean;
  readonly seconds: number | null;
  readonly transactions: number | null;
  readonly finding: string | null;
  readonly finishedAt: Date;
  /** Since then, by the database's clock. */
  readonly hours: number;
};

/** The newest drills, the last one first. */
export const lastDrills = (db: Db, most = 1): Promise<readonly DrillSeen[]> =>
  db.$queryRaw<DrillSeen[]>`
    SELECT h.name AS host, d.backup, d.taken_at AS "takenAt", d.succeeded, d.seconds::float8 AS seconds, d.transactions::float8 AS transactions, d.finding, d.finished_at AS "finishedAt",
           (extract(epoch FROM clock_timestamp() - d.finished_at) / 3600)::float8 AS hours
      FROM ops.drill d JOIN ops.host h ON h.id = d.host_id ORDER BY d.finished_at DESC, d.id DESC LIMIT ${most}`;

/** A drill that the schedule is to begin. */
export type DrillPlan = {
  readonly name: string;
  /** As the last console that looked computed it. */
  readonly dueAt: Date | null;
  readonly overdue: boolean;
  readonly pausedBy: string | null;
};

/** When drills are due next, the first one first; paused ones last. */
export const plannedDrills = (db: Db): Promise<readonly DrillPlan[]> =>
  db.$queryRaw<DrillPlan[]>`
    SELECT s.name, s.next_due[1] AS "dueAt", coalesce(s.next_due[1] < clock_timestamp() - interval '2 minutes', false) AS overdue, o.name AS "pausedBy"
      FROM ops.schedule s LEFT JOIN ops.operator o ON o.id = s.paused_by
     WHERE s.runbook = 'drill' AND s.unplanned_at IS NULL ORDER BY s.paused_at IS NOT NULL, s.next_due[1] NULLS LAST, s.name`;

/** How restores are rehearsed, in a few words for the head of a list. */
export const drillWords = async (db: Db): Promise<string> => {
  const [[last], [next]] = await Promise.all([lastDrills(db), plannedDrills(db)]);
  const was = last ? `drill ${last.succeeded ? '' : 'FAILED '}${formatAge(last.hours)} ago` : 'no drill yet';
  if (typeof next?.pausedBy === 'string') return `${was}, next paused`;
  return `${was}, ${next?.dueAt ? (next.overdue ? 'next OVERDUE' : `next ${next.dueAt.toISOString().slice(5, 10)}`) : 'none planned'}`;
};

/** Whether a backup is of an older schema than the bank has now, as its manifest says: then migrations wait after it was restored. */
export const isOfOlderSchema = async (db: Db, host: string, backup: string): Promise<boolean> => {
  const [row] = await db.$queryRaw<{ older: boolean }[]>`
    SELECT b.manifest ->> 'migration' < (SELECT max(m.migration_name) FROM public._prisma_migrations m WHERE m.finished_at IS NOT NULL AND m.rolled_back_at IS NULL) AS older
      FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE h.name = ${host} AND b.name = ${backup}`;
  return row?.older === true;
};

/** The database of this console: no other is restored from here. */
export const ownDatabaseName = async (db: Db): Promise<string> => {
  const [row] = await db.$queryRaw<{ name: string }[]>`SELECT current_database()::text AS name`;
  return row?.name ?? '';
};

/** Databases in whose place restores of this one came and that still stand there, the oldest first: their names begin as restores begin or began them, and end with their age. */
export const oldDatabases = async (db: Db): Promise<readonly string[]> => {
  const own = await ownDatabaseName(db);
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT datname::text AS name FROM pg_catalog.pg_database
     WHERE datname ~ '_old_[0-9]{14}$' AND left(datname, -19) = ANY (${[stemOf(own), formerStemOf(own)]}) ORDER BY right(datname, 14)`;
  return rows.map(({ name }) => name);
};
