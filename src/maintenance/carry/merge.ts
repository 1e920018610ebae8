import { copyAcross } from '../../database/copy-across.ts';
import type { Direct } from '../../database/direct.ts';
import type { Table } from './tables.ts';

/** The live database, read in one snapshot, and the scratch one beside it. */
export type Sides = { readonly live: Direct; readonly scratch: Direct };

/** Rows that were written since, or may have been: a row is known by the transaction that wrote it. Frozen and far older ones come along, which does no harm. */
export const since = (horizon: string | undefined): string => {
  if (horizon === undefined) return 'true';
  if (!/^\d{1,10}$/.test(horizon)) throw new Error(`${JSON.stringify(horizon)} is no transaction`);
  return `age(xmin) <= age('${horizon}'::xid)`;
};

/** Where the rows of a table wait before they are merged; gone with the transaction. */
const arrivals = 'pg_temp.arrivals';

const matching = (table: Table): string => table.key.map(column => `t.${column} = n.${column}`).join(' AND ');

/** Fetches rows of a live table into a temporary one of the scratch database; gives how many. `where` is of the live table. */
export const fetchRows = async ({ live, scratch }: Sides, table: Table, where: string): Promise<number> => {
  const columns = table.columns.join(', ');
  await scratch.query(
    `DROP TABLE IF EXISTS ${arrivals}; CREATE TEMP TABLE arrivals ON COMMIT DROP AS SELECT ${columns} FROM ${table.name} WITH NO DATA`,
  );
  return copyAcross(live, `SELECT ${columns} FROM ${table.name} WHERE ${where}`, scratch, `${arrivals} (${columns})`);
};

/** Puts what arrived in the place of what has its key; `only` names further conditions on what arrived as `n`. Gives how many rows came in. */
export const mergeArrivals = async (scratch: Direct, table: Table, only = 'true'): Promise<number> => {
  const columns = table.columns.join(', ');
  await scratch.query(`DELETE FROM ${arrivals} n WHERE NOT (${only})`);
  await scratch.query(`DELETE FROM ${table.name} t USING ${arrivals} n WHERE ${matching(table)}`);
  const { rowCount } = await scratch.query(
    `INSERT INTO ${table.name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${arrivals}`,
  );
  return rowCount ?? 0;
};

/** Of what has the key of an arrival, only the columns that arrived change. Gives how many rows that are. */
export const setByArrivals = async (scratch: Direct, table: Table): Promise<number> => {
  const set = table.columns.filter(column => !table.key.includes(column)).map(column => `${column} = n.${column}`);
  if (set.length === 0) return 0;
  return (await scratch.query(`UPDATE ${table.name} t SET ${set.join(', ')} FROM ${arrivals} n WHERE ${matching(table)}`)).rowCount ?? 0;
};

/** As `mergeArrivals`, but columns that did not arrive keep what they have. */
export const updateByArrivals = async (scratch: Direct, table: Table, only = 'true'): Promise<number> => {
  await scratch.query(`DELETE FROM ${arrivals} n WHERE NOT (${only})`);
  const updated = await setByArrivals(scratch, table);
  const columns = table.columns.join(', ');
  const { rowCount } = await scratch.query(
    `INSERT INTO ${table.name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${arrivals} n WHERE NOT ${isKnown(table)}`,
  );
  return updated + (rowCount ?? 0);
};

/** Removes what did not arrive; gives how many rows went. */
export const dropOthers = async (scratch: Direct, table: Table): Promise<number> =>
  (await scratch.query(`DELETE FROM ${table.name} t WHERE NOT EXISTS (SELECT FROM ${arrivals} n WHERE ${matching(table)})`)).rowCount ?? 0;

/** Whether a table of the scratch database has a row with the key of `n`. */
export const isKnown = (table: Table): string => `EXISTS (SELECT FROM ${table.name} t WHERE ${matching(table)})`;

export const countOf = async (connection: Direct, what: string): Promise<number> => {
  const { rows } = await connection.query<{ count: string }>(`SELECT count(*)::text AS count FROM ${what}`);
  return Number(rows[0]?.count ?? 0);
};
