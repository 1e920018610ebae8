import type { Direct } from '../../database/direct.ts';
import { since } from '../carry/merge.ts';
import type { Opening } from './journal.ts';

/** Every table but the console's own: those of bank and platform, and whatever else a bank keeps in its database. */
const tablesOfOthers = async (connection: Direct): Promise<readonly string[]> => {
  const { rows } = await connection.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('ops', 'information_schema') AND n.nspname !~ '^pg_' ORDER BY c.relpages, 1`,
  );
  return rows.map(({ name }) => name);
};

/** In one statement: nobody can connect while they are counted. */
const countRows = async (connection: Direct, tables: readonly string[]): Promise<Readonly<Record<string, string>>> => {
  const counts = tables.map(table => `SELECT ${connection.escapeLiteral(table)} AS table, count(*)::text AS count FROM ${table}`);
  const { rows } = await connection.query<{ table: string; count: string }>(counts.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ table, count }) => [table, count]));
};

const auditEnd = async (connection: Direct): Promise<string> =>
  (await connection.query<{ seq: string }>('SELECT seq::text AS seq FROM ops.audit_head')).rows[0]?.seq ?? '';

/** How a database stands that nobody else is connected to: every later change is seen against it. */
export const openingOf = async (connection: Direct): Promise<Opening> => {
  const rows = await countRows(connection, await tablesOfOthers(connection));
  const audited = await auditEnd(connection);
  // not its xmin: a long transaction of another database of the server would make all that was just filled look new
  const { rows: next } = await connection.query<{ horizon: string }>(
    `SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::numeric % 4294967296)::text AS horizon`,
  );
  return { horizon: next[0]?.horizon ?? '3', audited, rows };
};

/** Whether rows were added or changed. */
const hasNewRows = async (connection: Direct, table: string, { horizon }: Opening): Promise<boolean> =>
  (await connection.query<{ is: boolean }>(`SELECT EXISTS (SELECT FROM ${table} WHERE ${since(horizon)}) AS is`)).rows[0]?.is === true;

/**
 * What somebody wrote since: a row in audit, or a row of any table but the console's own that was added, changed or deleted. What consoles write into `ops` on a
 * schedule is nobody's, and the way back brings it along. Undefined: nothing.
 */
export const writtenSince = async (connection: Direct, opening: Opening): Promise<string | undefined> => {
  if ((await auditEnd(connection)) !== opening.audited) return 'the audit log';
  const tables = await tablesOfOthers(connection);
  const gone = Object.keys(opening.rows).find(table => !tables.includes(table));
  if (gone !== undefined) return gone;
  for (const table of tables) if (await hasNewRows(connection, table, opening)) return table;
  // what was deleted left no row that could say so
  const counts = await countRows(connection, tables);
  return tables.find(table => counts[table] !== opening.rows[table]);
};
