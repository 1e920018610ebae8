import { readHead } from '../database/audit-chain.ts';
import { openDirect, type Direct } from '../database/direct.ts';
import { schemas } from '../database/grants.ts';
import { recordTable } from '../database/migration-record.ts';
import type { Facts } from './manifest.ts';

const ours = `(${schemas.map(schema => `'${schema}'`).join(', ')})`;

/** A table of ours: its name, that as SQL wants it, and its columns. What the database computes itself is no column here. */
export type Table = { readonly name: string; readonly sql: string; readonly columns: readonly string[] };

export const tablesOf = async (connection: Direct): Promise<readonly Table[]> => {
  const { rows } = await connection.query<Table>(
    `SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
            ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ${ours} AND c.relkind = 'r' ORDER BY 1`,
  );
  return rows;
};

type Sum = { readonly currency: string; readonly count: string; readonly sum: string };
const summed = (rows: readonly Sum[]): Readonly<Record<string, string>> =>
  Object.fromEntries(rows.map(({ currency, sum }) => [currency, sum]));

/** How much is in every account and how much was moved, as the connection sees it. */
export const sumsOf = async (connection: Direct): Promise<Pick<Facts, 'balances' | 'transactions'>> => {
  const balances = await connection.query<Sum>(
    `SELECT currency, count(*)::text AS count, sum(balance)::text AS sum FROM bank.account GROUP BY currency ORDER BY currency`,
  );
  const moved = await connection.query<Sum>(
    `SELECT currency, count(*)::text AS count, sum(amount)::text AS sum FROM bank.transaction GROUP BY currency ORDER BY currency`,
  );
  const count = moved.rows.reduce((total, row) => total + Number(row.count), 0);
  return { balances: summed(balances.rows), transactions: { count, sums: summed(moved.rows) } };
};

export const countRows = async (
  connection: Direct,
  tables: readonly Table[],
  onTable: (done: number) => void,
): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const [index, { name, sql }] of tables.entries()) {
    const { rows } = await connection.query<{ count: string }>(`SELECT count(*)::text AS count FROM ${sql}`);
    counts[name] = Number(rows[0]?.count);
    onTable((index + 1) / tables.length);
  }
  return counts;
};

/** Where each sequence of ours stands. They know no snapshots, so what they say is never behind one. */
export const sequencesOf = async (connection: Direct): Promise<Facts['sequences']> => {
  const { rows } = await connection.query<{ name: string; sql: string }>(
    `SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ${ours} AND c.relkind = 'S' ORDER BY 1`,
  );
  const found: Facts['sequences'] = {};
  for (const { name, sql } of rows) {
    const { rows: at } = await connection.query<{ last: string; called: boolean }>(
      `SELECT last_value::text AS last, is_called AS called FROM ${sql}`,
    );
    if (at[0]) found[name] = at[0];
  }
  return found;
};

export const newestMigration = async (connection: Direct): Promise<string> => {
  const { rows } = await connection.query<{ name: string }>(
    `SELECT migration_name AS name FROM ${recordTable} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name DESC LIMIT 1`,
  );
  if (!rows[0]) throw new Error('the database has no record of migrations');
  return rows[0].name;
};

type About = Pick<Facts, 'takenAt' | 'server' | 'database' | 'locale'>;

const aboutOf = async (connection: Direct): Promise<About> => {
  const { rows } = await connection.query<Omit<About, 'locale'> & Facts['locale']>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "takenAt", current_setting('server_version_num')::int AS server, current_database() AS database,
            pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype
       FROM pg_catalog.pg_database d WHERE d.datname = current_database()`,
  );
  if (!rows[0]) throw new Error('the database gave no answer');
  const { encoding, collate, ctype, ...about } = rows[0];
  return { ...about, locale: { encoding, collate, ctype } };
};

/** A view of the whole database at one moment, which others may share by its id. */
export type Snapshot = { readonly connection: Direct; readonly id: string; readonly tables: readonly Table[]; readonly facts: Facts };

/** Opens a snapshot and says what is in it; it lasts as long as the work takes. */
export const withSnapshot = async <T>(
  url: string,
  progress: (done: number) => void,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> => {
  let lost: Error | undefined;
  const connection = await openDirect(url, { applicationName: 'bursar backup', statementTimeoutMs: 0 }, error => (lost = error));
  try {
    await connection.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = 0`,
    );
    const { rows } = await connection.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
    const tables = await tablesOf(connection);
    const { seq, hash } = await readHead(connection);
    const facts: Facts = {
      ...(await aboutOf(connection)),
      migration: await newestMigration(connection),
      rows: await countRows(connection, tables, progress),
      ...(await sumsOf(connection)),
      audit: { seq: String(seq), hash },
      sequences: await sequencesOf(connection),
    };
    const result = await work({ connection, id: rows[0]?.id ?? '', tables, facts });
    if (lost) throw lost;
    return result;
  } finally {
    await connection.end();
  }
};
