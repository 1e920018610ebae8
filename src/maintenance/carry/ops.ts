import { copyAcross } from '../../database/copy-across.ts';
import type { Direct } from '../../database/direct.ts';
import { countOf, dropOthers, fetchRows, isKnown, mergeArrivals, since, updateByArrivals, type Sides } from './merge.ts';
import { pairTables, type Late, type Pair } from './pairs.ts';
import { otherChecks, setAside, type Table } from './tables.ts';

export type OpsWishes = {
  /** The transaction from which on rows are fetched; undefined: all of them. */
  readonly horizon: string | undefined;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
};

export type OpsCarried = { readonly tables: number; readonly rows: number; readonly late: readonly Late[] };

/** All rows of a table, into an empty one. */
export const carryWhole = async ({ live, scratch }: Sides, table: Table): Promise<number> => {
  const columns = table.columns.join(', ');
  return copyAcross(live, `SELECT ${columns} FROM ${table.name}`, scratch, `${table.name} (${columns})`);
};

/** Rows that both know come as they are today, and what today knows no more goes: a right that was taken away must not come back. */
const carryKnown = async (sides: Sides, table: Table): Promise<number> => {
  if (table.key.length === 0) return 0;
  await fetchRows(sides, table, 'true');
  await dropOthers(sides.scratch, table);
  return mergeArrivals(sides.scratch, table, isKnown(table));
};

/** Into a newer schema, as on the way back from an older one: its own rows and columns stay. */
export const carryInto = async (sides: Sides, table: Table): Promise<number> => {
  if (table.key.length === 0) return 0;
  await fetchRows(sides, table, 'true');
  return updateByArrivals(sides.scratch, table);
};

const isWhole = ({ filledLater, isBehind }: Pair): boolean => !filledLater && !isBehind;

const carryPart = (sides: Sides, { table, filledLater }: Pair): Promise<number> =>
  filledLater ? carryKnown(sides, table) : carryInto(sides, table);

const carryAll = async (sides: Sides, pairs: readonly Pair[]): Promise<number> =>
  setAside(
    sides.scratch,
    pairs.map(({ table }) => table.name),
    async () => {
      await sides.scratch.query(`TRUNCATE ${pairs.filter(isWhole).map(({ table }) => table.name).join(', ')}`); // prettier-ignore
      let rows = 0;
      for (const pair of pairs) rows += await (isWhole(pair) ? carryWhole(sides, pair.table) : carryPart(sides, pair));
      return rows;
    },
    await otherChecks(sides.live, sides.scratch),
  );

/** Which tables changed since: rows were written, or are fewer than they were. */
const changedPairs = async ({ live, scratch }: Sides, pairs: readonly Pair[], horizon: string): Promise<readonly Pair[]> => {
  const changed: Pair[] = [];
  for (const pair of pairs) {
    const { name } = pair.table;
    const { rows } = await live.query<{ changed: boolean }>(`SELECT EXISTS (SELECT FROM ${name} WHERE ${since(horizon)}) AS changed`);
    if (rows[0]?.changed || (await countOf(live, name)) !== (await countOf(scratch, name))) changed.push(pair);
  }
  return changed;
};

const carryChanged = async (sides: Sides, pair: Pair, horizon: string): Promise<number> => {
  const { table } = pair;
  if (!isWhole(pair)) return carryPart(sides, pair);
  if (table.key.length > 0) {
    await fetchRows(sides, table, since(horizon));
    const rows = await mergeArrivals(sides.scratch, table);
    if ((await countOf(sides.live, table.name)) === (await countOf(sides.scratch, table.name))) return rows;
  }
  // rows were deleted, or have no key: which ones differ only a whole comparison would tell
  await sides.scratch.query(`DELETE FROM ${table.name}`);
  return carryWhole(sides, table);
};

/** No id is given twice: rows of the console name rows of the bank that are lost, and a new one must not take their number. */
export const advanceSequences = async ({ live, scratch }: Sides): Promise<void> => {
  const read = async (connection: Direct) =>
    (
      await connection.query<{ name: string; last: string | null }>(
        `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS last FROM pg_catalog.pg_sequences WHERE schemaname IN ('bank', 'ops', 'platform')`,
      )
    ).rows;
  const here = new Map((await read(scratch)).map(({ name, last }) => [name, last]));
  for (const { name, last } of await read(live)) {
    if (last === null || !here.has(name) || BigInt(here.get(name) ?? 0) >= BigInt(last)) continue;
    await scratch.query('SELECT setval($1::regclass, $2::bigint)', [name, last]);
  }
};

/** Carries the console's own part over as it is today: audit, approvals, holds, incidents, runs. */
export const carryOps = async (sides: Sides, { horizon, migrations }: OpsWishes): Promise<OpsCarried> => {
  const { pairs, late } = await pairTables(sides, migrations);
  if (horizon === undefined) return { tables: pairs.length, rows: await carryAll(sides, pairs), late };
  const changed = await changedPairs(sides, pairs, horizon);
  const rows = await setAside(
    sides.scratch,
    changed.map(({ table }) => table.name),
    async () => {
      let sum = 0;
      for (const pair of changed) sum += await carryChanged(sides, pair, horizon);
      return sum;
    },
    await otherChecks(sides.live, sides.scratch),
  );
  return { tables: changed.length, rows, late };
};
