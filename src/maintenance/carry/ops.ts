import { copyAcross } from '../../database/copy-across.ts';
import type { Direct } from '../../database/direct.ts';
import { countOf, fetchRows, isKnown, mergeArrivals, since, type Sides } from './merge.ts';
import { commonOf, setAside, tablesOf, type Table } from './tables.ts';

export type OpsWishes = {
  /** The transaction from which on rows are fetched; undefined: all of them. */
  readonly horizon: string | undefined;
  /** Tables that migrations fill which the backup has not seen: of them only known rows are brought up to date, or those migrations could not run afterwards. */
  readonly filledLater: readonly string[];
};

export type OpsCarried = { readonly tables: number; readonly rows: number; readonly notCarried: readonly string[] };

/** Tables that both know, and what only the live database has and the backup's schema cannot hold. */
const pairTables = async ({
  live,
  scratch,
}: Sides): Promise<{ readonly tables: readonly Table[]; readonly notCarried: readonly string[] }> => {
  const [there, here] = [await tablesOf(live, 'ops'), await tablesOf(scratch, 'ops')];
  const notCarried: string[] = [];
  const tables: Table[] = [];
  for (const [name, table] of there) {
    const known = here.get(name);
    if (!known) {
      const rows = await countOf(live, name);
      if (rows > 0) notCarried.push(`${name}: ${rows} rows, the backup is older than this table`);
      continue;
    }
    const common = commonOf(table, known);
    const lacking = table.columns.filter(column => !common.columns.includes(column));
    if (lacking.length > 0) notCarried.push(`${name}: ${lacking.join(', ')}, the backup is older than this`);
    tables.push(common);
  }
  return { tables, notCarried };
};

const carryWhole = async ({ live, scratch }: Sides, table: Table): Promise<number> => {
  const columns = table.columns.join(', ');
  return copyAcross(live, `SELECT ${columns} FROM ${table.name}`, scratch, `${table.name} (${columns})`);
};

const carryKnown = async (sides: Sides, table: Table): Promise<number> => {
  if (table.key.length === 0) return 0;
  await fetchRows(sides, table, 'true');
  return mergeArrivals(sides.scratch, table, isKnown(table));
};

const carryAll = async (sides: Sides, tables: readonly Table[], filledLater: readonly string[]): Promise<number> => {
  const whole = tables.filter(({ name }) => !filledLater.includes(name));
  return setAside(
    sides.scratch,
    tables.map(({ name }) => name),
    async () => {
      await sides.scratch.query(`TRUNCATE ${whole.map(({ name }) => name).join(', ')}`);
      let rows = 0;
      for (const table of tables) rows += await (whole.includes(table) ? carryWhole(sides, table) : carryKnown(sides, table));
      return rows;
    },
  );
};

/** Which tables changed since: rows were written, or are fewer than they were. */
const changedTables = async ({ live, scratch }: Sides, tables: readonly Table[], horizon: string): Promise<readonly Table[]> => {
  const changed: Table[] = [];
  for (const table of tables) {
    const { rows } = await live.query<{ changed: boolean }>(`SELECT EXISTS (SELECT FROM ${table.name} WHERE ${since(horizon)}) AS changed`);
    if (rows[0]?.changed || (await countOf(live, table.name)) !== (await countOf(scratch, table.name))) changed.push(table);
  }
  return changed;
};

const carryChanged = async (sides: Sides, table: Table, horizon: string, filledLater: readonly string[]): Promise<number> => {
  if (filledLater.includes(table.name)) return carryKnown(sides, table);
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
export const carryOps = async (sides: Sides, { horizon, filledLater }: OpsWishes): Promise<OpsCarried> => {
  const { tables, notCarried } = await pairTables(sides);
  if (horizon === undefined) return { tables: tables.length, rows: await carryAll(sides, tables, filledLater), notCarried };
  const changed = await changedTables(sides, tables, horizon);
  const rows = await setAside(
    sides.scratch,
    changed.map(({ name }) => name),
    async () => {
      let sum = 0;
      for (const table of changed) sum += await carryChanged(sides, table, horizon, filledLater);
      return sum;
    },
  );
  return { tables: changed.length, rows, notCarried };
};
