import { readMigrations } from '../../database/migration-files.ts';
import { readRecord } from '../../database/migration-record.ts';
import { countOf, type Sides } from './merge.ts';
import { commonOf, tablesOf, type Table } from './tables.ts';

/** What the backup's schema cannot hold, and the same database can once newer migrations are applied. */
export type Late = {
  readonly table: string;
  /** Only these columns; none: all of the table. */
  readonly columns: readonly string[];
  /** Migrations fill it: afterwards it holds what was there, and nothing else. */
  readonly filled: boolean;
};

/** How a table of the console comes over. */
export type Pair = {
  readonly table: Table;
  /** Later migrations fill it: what only today knows waits for them, or they could not run afterwards. */
  readonly filledLater: boolean;
  /** The other side is newer: what only it knows stays. */
  readonly isBehind: boolean;
};

export type Pairing = { readonly pairs: readonly Pair[]; readonly late: readonly Late[] };

/** Tables that migrations fill which one of the two has seen and the other has not. */
const filledOnlyIn = async (seen: Sides['live'], unseen: Sides['live'], migrations: string): Promise<ReadonlySet<string>> => {
  const known = new Set((await readRecord(unseen)).map(row => row.migration_name));
  const more = new Set((await readRecord(seen)).map(row => row.migration_name).filter(name => !known.has(name)));
  const scripts = (await readMigrations(migrations)).filter(({ name }) => more.has(name)).map(({ script }) => script);
  return new Set(scripts.flatMap(script => [...script.matchAll(/^INSERT INTO (ops\.[a-z_]+)/gm)].map(found => found[1] ?? '')));
};

/** Finds, in the catalogs of both, what can come over now and what only later. */
export const pairTables = async ({ live, scratch }: Sides, migrations: string): Promise<Pairing> => {
  const [there, here] = [await tablesOf(live, 'ops'), await tablesOf(scratch, 'ops')];
  const [later, earlier] = [await filledOnlyIn(live, scratch, migrations), await filledOnlyIn(scratch, live, migrations)];
  const pairs: Pair[] = [];
  const late: Late[] = [];
  for (const [name, table] of there) {
    const known = here.get(name);
    const filled = later.has(name);
    if (!known) {
      late.push({ table: name, columns: [], filled });
      continue;
    }
    const common = commonOf(table, known);
    const columns = table.columns.filter(column => !common.columns.includes(column));
    if (filled || columns.length > 0) late.push({ table: name, columns: filled ? [] : columns, filled });
    pairs.push({ table: common, filledLater: filled, isBehind: earlier.has(name) || known.columns.length > common.columns.length });
  }
  return { pairs, late };
};

/** In words, for whoever must know: rows that wait, and rows whose newer columns do. */
export const lateWords = async ({ live, scratch }: Sides, late: readonly Late[]): Promise<readonly string[]> => {
  const here = await tablesOf(scratch, 'ops');
  const told: string[] = [];
  for (const { table, columns } of late) {
    const rows = await countOf(live, table);
    const more = rows - (here.has(table) ? await countOf(scratch, table) : 0);
    if (columns.length > 0 && rows > 0)
      told.push(`${table}: ${columns.join(', ')} of ${rows} rows, the backup is older than these columns`);
    else if (columns.length === 0 && more > 0)
      told.push(`${table}: ${more} rows, the backup is older than ${here.has(table) ? 'they are' : 'this table'}`);
  }
  return told;
};

/** What of bank and platform is of a newer schema than the backup's: it is lost with what it belongs to, unless somebody fetches it. */
export const lostWords = async ({ live, scratch }: Sides): Promise<readonly string[]> => {
  const told: string[] = [];
  for (const schema of ['bank', 'platform']) {
    const here = await tablesOf(scratch, schema);
    for (const [name, { columns }] of await tablesOf(live, schema)) {
      const known = here.get(name)?.columns;
      const lacking = known === undefined ? columns : columns.filter(column => !known.includes(column));
      const rows = lacking.length > 0 ? await countOf(live, name) : 0;
      if (rows > 0) told.push(`${name}: ${known === undefined ? '' : `${lacking.join(', ')} of `}${rows} rows, the backup is older than that; only the replaced database has it`); // prettier-ignore
    }
  }
  return told;
};
