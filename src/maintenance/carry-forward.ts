import type { Direct } from '../database/direct.ts';
import { countOf, type Sides } from './carry/merge.ts';
import { advanceSequences, carryOps } from './carry/ops.ts';
import { carryKeys, markLostReversals } from './carry/postings.ts';
import { lateWords, lostWords, type Late } from './carry/pairs.ts';
import { carryProtection, type Carried } from './carry/protection.ts';
import { commonOf, tablesOf, validateConstraints } from './carry/tables.ts';

/** What of today is in the restored database, and what is not. */
export type CarryReport = {
  /** The next pass brings what was written from this transaction on. */
  readonly horizon: string;
  readonly opsTables: number;
  readonly opsRows: number;
  readonly carried: readonly Carried[];
  /** What a person must know of: rows, tables and columns that could not come along. */
  readonly notCarried: readonly string[];
  /** What waits for newer migrations, in words, and as `carryLate` takes it. */
  readonly waits: readonly string[];
  readonly late: readonly Late[];
  /** Of the live bank, and not in the backup. */
  readonly lost: {
    readonly transactions: number;
    readonly sums: Readonly<Record<string, string>>;
    readonly accounts: number;
    readonly users: number;
  };
};

export type CarryWishes = {
  /** From the pass before; undefined: everything is carried. */
  readonly horizon: string | undefined;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
};

const lostRows = async ({ live, scratch }: Sides): Promise<CarryReport['lost']> => {
  const { rows: ends } = await scratch.query<{ last: string }>('SELECT coalesce(max(id), 0)::text AS last FROM bank.transaction');
  const { rows } = await live.query<{ currency: string; count: string; sum: string }>(
    'SELECT currency, count(*)::text AS count, sum(amount)::text AS sum FROM bank.transaction WHERE id > $1::bigint GROUP BY currency ORDER BY currency',
    [ends[0]?.last ?? '0'],
  );
  const fewer = async (table: string): Promise<number> => Math.max(0, (await countOf(live, table)) - (await countOf(scratch, table)));
  return {
    transactions: rows.reduce((sum, { count }) => sum + Number(count), 0),
    sums: Object.fromEntries(rows.map(({ currency, sum }) => [currency, sum])),
    accounts: await fewer('bank.account'),
    users: await fewer('bank."user"'),
  };
};

const named: Readonly<Record<string, string>> = { account_id: 'bank.account', user_id: 'bank."user"', transaction_id: 'bank.transaction' };

/** Rows of the console that name something of the bank which the backup does not have. They stay: what was decided was decided. */
const pointingNowhere = async (scratch: Direct): Promise<readonly string[]> => {
  const told: string[] = [];
  for (const { name, columns } of (await tablesOf(scratch, 'ops')).values())
    for (const column of columns.filter(candidate => candidate in named)) {
      const rows = await countOf(
        scratch,
        `${name} x WHERE x.${column} IS NOT NULL AND NOT EXISTS (SELECT FROM ${named[column]} b WHERE b.id = x.${column})`,
      );
      if (rows > 0) told.push(`${name}: ${rows} rows name a ${column.replace('_id', '')} that the backup does not have; they stay`);
    }
  return told;
};

/** A view of the live database at one moment. */
const inSnapshot = async <T>(live: Direct, work: (horizon: string) => Promise<T>): Promise<T> => {
  await live.query('SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { rows } = await live.query<{ horizon: string }>(
      `SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text AS horizon`,
    );
    return await work(rows[0]?.horizon ?? '3');
  } finally {
    // a lost connection has ended it by itself
    await live.query('ROLLBACK').catch(() => undefined);
  }
};

/**
 * Brings what protects from the live database into the restored one: the whole of the console's part, freezes, deactivations, credentials, revoked sessions,
 * blocks, and the keys of lost postings. Each pass is done wholly or not at all, and may be repeated; with a horizon it brings only what came since.
 */
export const carryForward = (live: Direct, scratch: Direct, { horizon, migrations }: CarryWishes): Promise<CarryReport> =>
  inSnapshot(live, async next => {
    const sides = { live, scratch };
    const ops = await carryOps(sides, { horizon, migrations });
    await advanceSequences(sides);
    const carried = await carryProtection(sides, horizon, async tables => {
      const refusals = tables.get('bank.posting_refusal');
      const there = (await tablesOf(live, 'bank')).get('bank.posting_refusal');
      if (!refusals || !there) throw new Error('the bank has no table of refusals');
      return [...(await carryKeys(sides, commonOf(there, refusals))), await markLostReversals(sides)];
    });
    return {
      horizon: next,
      opsTables: ops.tables,
      opsRows: ops.rows,
      carried,
      notCarried: [...(await lostWords(sides)), ...(await pointingNowhere(scratch))],
      late: ops.late,
      waits: await lateWords(sides, ops.late),
      lost: await lostRows(sides),
    };
  });

/** As `carryForward` for the console's own part alone, of which only what was written from the transaction on is brought. */
export const carryOwn = (live: Direct, scratch: Direct, { horizon, migrations }: CarryWishes): Promise<void> =>
  inSnapshot(live, async () => {
    await carryOps({ live, scratch }, { horizon, migrations });
    await advanceSequences({ live, scratch });
  });

/** Validates the constraints that passes left unvalidated; what cannot be is named. */
export const settleForeignKeys = validateConstraints;
