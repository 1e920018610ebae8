import type { Db } from '../../database/client.ts';
import type { TransactionType } from '../../domain/transaction.ts';
import { platformRoles } from '../../domain/user.ts';

/** Postings of one type and currency in one hour. `hoursAgo` 0 is the running hour; `recent` the last 24 h to the minute; amounts in minor units. */
export type LedgerCell = {
  readonly type: TransactionType;
  readonly currency: string;
  readonly hoursAgo: number;
  readonly recent: boolean;
  readonly today: boolean;
  readonly count: number;
  readonly sum: bigint;
  readonly largest: bigint;
};

export type EventKind = 'refused' | 'login_failure' | 'lockout' | 'audit';
export type EventCell = Omit<LedgerCell, 'type' | 'currency' | 'sum' | 'largest'> & { readonly kind: EventKind };

export type DayKind = 'opened' | 'held' | 'flagged' | 'alerted';
export type DayCell = { readonly kind: DayKind; readonly daysAgo: number; readonly count: number };

/** Counts stop at 10,001: more than ten thousand is shown as more. */
type Stocks = {
  readonly pending: number;
  readonly oldestPending: Date | null;
  readonly frozen: number;
  readonly due: number;
  readonly oldestDue: Date | null;
  readonly flagged: number;
  /** Open or in review. */
  readonly alerts: number;
  /** Of the gravest of them; null without any. */
  readonly topScore: number | null;
  readonly locked: number;
  readonly staff: number;
  /** What the planner believes; -1 where the table was never analyzed. */
  readonly users: number;
  readonly operators: number;
  readonly bytes: bigint;
};

export type Facts = {
  readonly ledger: readonly LedgerCell[];
  readonly events: readonly EventCell[];
  readonly days: readonly DayCell[];
  readonly stocks: Stocks;
};

// Two days from an index, whatever lies before them. They are read hour by hour, so that each part has few groups: over all at once the
// planner expects as many groups as rows, and sorts them on disk
const ledger = (db: Db): Promise<LedgerCell[]> =>
  db.$queryRaw`
    WITH clock AS MATERIALIZED (
      SELECT now() - interval '24 hours' AS day_ago, (SELECT bank.business_day(now())::timestamp AT TIME ZONE time_zone FROM bank.calendar) AS midnight
    ), part AS MATERIALIZED (
      SELECT start, lead(start, 1, 'infinity') OVER (ORDER BY start) AS until
        FROM (SELECT generate_series(date_trunc('hour', now()) - interval '23 hours', now(), interval '1 hour') AS start
              UNION SELECT unnest(ARRAY[day_ago, day_ago - interval '24 hours', midnight]) FROM clock) starts
    )
    SELECT type::text, currency, (date_part('epoch', date_trunc('hour', now()) - date_trunc('hour', start)) / 3600)::int AS "hoursAgo",
           start >= day_ago AS recent, start >= midnight AS today, count, sum, largest
      FROM part, clock, LATERAL (SELECT type, currency, count(*)::int AS count, sum(amount)::bigint AS sum, max(amount) AS largest
                                   FROM bank.transaction WHERE posted_at >= start AND posted_at < until GROUP BY 1, 2) cells`;

const events = (db: Db): Promise<EventCell[]> =>
  db.$queryRaw`
    SELECT kind, floor(date_part('epoch', now()) / 3600)::int - hour AS "hoursAgo", recent, today, count
      FROM (SELECT kind, floor(date_part('epoch', at) / 3600)::int AS hour, at >= (SELECT now() - interval '24 hours') AS recent,
                   at >= (SELECT bank.business_day(now())::timestamp AT TIME ZONE time_zone FROM bank.calendar) AS today, count(*)::int AS count
              FROM (SELECT 'refused' AS kind, refused_at AS at FROM bank.posting_refusal WHERE refused_at >= now() - interval '48 hours'
                    UNION ALL SELECT type, at FROM bank.auth_event WHERE type IN ('login_failure', 'lockout') AND at >= now() - interval '48 hours'
                    UNION ALL SELECT 'audit', at FROM ops.audit WHERE at >= now() - interval '48 hours') happened
             GROUP BY 1, 2, 3, 4) cells`;

const days = (db: Db): Promise<DayCell[]> =>
  db.$queryRaw`
    SELECT kind, (SELECT bank.business_day(now())) - (at AT TIME ZONE (SELECT time_zone FROM bank.calendar))::date AS "daysAgo", count(*)::int AS count
      FROM (SELECT 'opened' AS kind, opened_at AS at FROM bank.account WHERE opened_at >= now() - interval '30 days'
            UNION ALL SELECT 'held', placed_at FROM ops.hold WHERE placed_at >= now() - interval '30 days'
            UNION ALL SELECT 'flagged', flagged_at FROM ops.transaction_flag WHERE flagged_at >= now() - interval '30 days'
            UNION ALL SELECT 'alerted', opened_at FROM ops.alert WHERE opened_at >= now() - interval '30 days') happened
     GROUP BY 1, 2`;

const staffRoles = platformRoles.filter(role => role !== 'customer');

const stocks = async (db: Db): Promise<Stocks> => {
  const [row] = await db.$queryRaw<Stocks[]>`
    SELECT (SELECT count(*)::int FROM (SELECT FROM bank.account WHERE status = 'pending' LIMIT 10001) few) AS pending,
           (SELECT opened_at FROM bank.account WHERE status = 'pending' ORDER BY opened_at, id LIMIT 1) AS "oldestPending",
           (SELECT count(*)::int FROM (SELECT FROM bank.account WHERE status = 'frozen' LIMIT 10001) few) AS frozen,
           (SELECT count(*)::int FROM ops.hold WHERE released_at IS NULL AND review_on <= (SELECT bank.business_day())) AS due,
           (SELECT min(review_on) FROM ops.hold WHERE released_at IS NULL) AS "oldestDue",
           (SELECT count(*)::int FROM (SELECT FROM ops.transaction_flag WHERE cleared_at IS NULL LIMIT 10001) few) AS flagged,
           (SELECT count(*)::int FROM (SELECT FROM ops.alert WHERE status IN ('open', 'in review') LIMIT 10001) few) AS alerts,
           (SELECT max(score)::int FROM ops.alert WHERE status IN ('open', 'in review')) AS "topScore",
           (SELECT count(*)::int FROM (SELECT FROM bank."user" WHERE status = 'locked' LIMIT 10001) few) AS locked,
           (SELECT count(*)::int FROM bank."user" WHERE role = ANY (${staffRoles})) AS staff,
           (SELECT reltuples::int FROM pg_class WHERE oid = 'bank."user"'::regclass) AS users,
           (SELECT count(DISTINCT operator)::int FROM ops.audit WHERE at >= now() - interval '24 hours') AS operators,
           pg_database_size(current_database()) AS bytes`;
  if (!row) throw new Error('the database answered no row to a question without a table');
  return row;
};

/** Everything the overview is drawn from: four questions at once, none of which reads more than days. */
export const readFacts = async (db: Db): Promise<Facts> => {
  const [ledgerCells, eventCells, dayCells, stock] = await Promise.all([ledger(db), events(db), days(db), stocks(db)]);
  return { ledger: ledgerCells, events: eventCells, days: dayCells, stocks: stock };
};

export type LargeTransaction = {
  readonly id: bigint;
  readonly postedAt: Date;
  readonly type: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly from: string;
  readonly to: string;
};

/** The largest transactions of the last 24 h in one currency. */
export const largestTransactions = (db: Db, currency: string): Promise<readonly LargeTransaction[]> =>
  db.$queryRaw<LargeTransaction[]>`
    SELECT t.id, t.posted_at AS "postedAt", t.type::text, t.amount, t.currency,
           coalesce(f.number, t.counterparty, 'outside') AS from, coalesce(o.number, t.counterparty, 'outside') AS to
      FROM (SELECT * FROM bank.transaction WHERE posted_at >= now() - interval '24 hours' AND currency = ${currency} ORDER BY amount DESC, id LIMIT 10) t
      LEFT JOIN bank.account f ON f.id = t.from_account_id LEFT JOIN bank.account o ON o.id = t.to_account_id ORDER BY t.amount DESC, t.id`;

export type Tally = { readonly name: string; readonly count: number; readonly last: Date | null };

/** Refused postings of the last 24 h, by reason. */
export const refusalsByCode = (db: Db): Promise<readonly Tally[]> =>
  db.$queryRaw<Tally[]>`
    SELECT code AS name, count(*)::int AS count, max(refused_at) AS last FROM bank.posting_refusal
     WHERE refused_at >= now() - interval '24 hours' GROUP BY 1 ORDER BY 2 DESC, 1`;

export type RefusedPosting = {
  readonly refusedAt: Date;
  readonly type: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly account: string;
  readonly message: string;
};

export const lastRefusals = (db: Db): Promise<readonly RefusedPosting[]> =>
  db.$queryRaw<RefusedPosting[]>`
    SELECT r.refused_at AS "refusedAt", r.type::text, r.amount, r.currency, coalesce(a.number, '-') AS account, r.message
      FROM (SELECT * FROM bank.posting_refusal ORDER BY refused_at DESC, id DESC LIMIT 15) r
      LEFT JOIN bank.account a ON a.id = coalesce(r.from_account_id, r.to_account_id) ORDER BY r.refused_at DESC, r.id DESC`;

/** Failed sign-ins of the last 24 h by username and by address; the twelve with most of each. */
export const failedLogins = (db: Db): Promise<readonly (Tally & { readonly by: 'username' | 'ip' })[]> =>
  db.$queryRaw`
    WITH failures AS MATERIALIZED (SELECT username, host(ip) AS ip, at FROM bank.auth_event WHERE type = 'login_failure' AND at >= now() - interval '24 hours')
    (SELECT 'username' AS by, username AS name, count(*)::int AS count, max(at) AS last FROM failures GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT 12)
    UNION ALL (SELECT 'ip', ip, count(*)::int, max(at) FROM failures GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT 12)`;

export type DueHold = {
  readonly number: string;
  readonly ground: string;
  readonly reviewOn: Date;
  readonly placedBy: string;
  readonly placedAt: Date;
};

/** The open holds, the one to be looked at first first. */
export const openHolds = (db: Db): Promise<readonly DueHold[]> =>
  db.$queryRaw<DueHold[]>`
    SELECT a.number, h.ground, h.review_on AS "reviewOn", o.name AS "placedBy", h.placed_at AS "placedAt"
      FROM (SELECT * FROM ops.hold WHERE released_at IS NULL ORDER BY review_on LIMIT 15) h
      JOIN bank.account a ON a.id = h.account_id JOIN ops.operator o ON o.id = h.placed_by ORDER BY h.review_on, h.id`;

/** How many users have each role; the highest role first. */
export const usersByRole = (db: Db): Promise<readonly Tally[]> =>
  db.$queryRaw<Tally[]>`
    SELECT r.name, coalesce(u.count, 0) AS count, u.last
      FROM bank.role r LEFT JOIN (SELECT role, count(*)::int AS count, max(created_at) AS last FROM bank."user" GROUP BY role) u ON u.role = r.name ORDER BY r.rank`;

/** What operators did in the last 24 h: how much, and when last. */
export const actsByOperator = (db: Db): Promise<readonly Tally[]> =>
  db.$queryRaw<Tally[]>`
    SELECT coalesce(operator, '-') AS name, count(*)::int AS count, max(at) AS last FROM ops.audit
     WHERE at >= now() - interval '24 hours' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50`;

export const actsByAction = (db: Db): Promise<readonly Tally[]> =>
  db.$queryRaw<Tally[]>`
    SELECT action AS name, count(*)::int AS count, max(at) AS last FROM ops.audit
     WHERE at >= now() - interval '24 hours' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50`;

export type TableSize = { readonly name: string; readonly rows: number; readonly bytes: bigint; readonly indexBytes: bigint };

/** The largest tables with all that belongs to them; rows are what the planner believes. */
export const tableSizes = (db: Db): Promise<readonly TableSize[]> =>
  db.$queryRaw<TableSize[]>`
    SELECT n.nspname || '.' || c.relname AS name, greatest(c.reltuples, 0)::float8 AS rows, pg_total_relation_size(c.oid) AS bytes,
           pg_indexes_size(c.oid) AS "indexBytes"
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('bank', 'ops', 'platform') ORDER BY 3 DESC LIMIT 15`;
