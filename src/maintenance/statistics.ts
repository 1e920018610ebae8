import { z } from 'zod';
import type { Direct } from '../database/direct.ts';
import { sizeWords } from './cleanup/estimate.ts';
import { countFiles } from './cleanup/folder.ts';
import { filePartsOf } from './cleanup/file-parts.ts';
import { withOwner } from './cleanup/store.ts';
import { defineWork, type WorkContext } from './define-work.ts';

/** Tables with more rows than this are estimated: counting millions exactly helps nobody. */
const countedUpTo = 100_000;

type Table = {
  readonly name: string;
  readonly rows: number;
  readonly exact: boolean;
  readonly bytes: number;
  readonly indexBytes: number;
  readonly dead: number;
  readonly analyzed: Date | null;
};

const sizesOf = async (db: Direct): Promise<readonly Table[]> => {
  const { rows } = await db.query<Table>(
    `SELECT format('%I.%I', s.schemaname, s.relname) AS name, greatest(c.reltuples, s.n_live_tup, 0)::float8 AS rows, false AS exact, pg_total_relation_size(s.relid)::float8 AS bytes,
            pg_indexes_size(s.relid)::float8 AS "indexBytes", s.n_dead_tup::float8 AS dead, greatest(s.last_analyze, s.last_autoanalyze) AS analyzed
       FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid ORDER BY pg_total_relation_size(s.relid) DESC, 1`,
  );
  return rows;
};

const counted = async (db: Direct, table: Table): Promise<Table> => {
  if (table.rows > countedUpTo) return table;
  const { rows } = await db.query<{ rows: number }>(`SELECT count(*)::float8 AS rows FROM ${table.name}`);
  return { ...table, rows: rows[0]?.rows ?? 0, exact: true };
};

type Whole = { readonly name: string; readonly bytes: number; readonly temporaryFiles: number; readonly temporaryBytes: number };

const wholeOf = async (db: Direct): Promise<Whole> => {
  const { rows } = await db.query<Whole>(
    `SELECT current_database() AS name, pg_database_size(current_database())::float8 AS bytes, s.temp_files::float8 AS "temporaryFiles", s.temp_bytes::float8 AS "temporaryBytes"
       FROM pg_stat_database s WHERE s.datname = current_database()`,
  );
  return rows[0] ?? { name: '', bytes: 0, temporaryFiles: 0, temporaryBytes: 0 };
};

/** What lies in the temporary folders of the platform, whatever its age. */
const temporaryOf = async (context: WorkContext): Promise<{ readonly files: number; readonly bytes: number }> => {
  const [sum, tomorrow] = [{ files: 0, bytes: 0 }, new Date(Date.now() + 86_400_000)];
  for (const { root } of await filePartsOf('temp-files', context)) {
    const { rows, bytes } = await countFiles({ root, boundary: tomorrow, signal: context.signal });
    sum.files += rows;
    sum.bytes += bytes;
  }
  return sum;
};

const tableWords = ({ name, rows, exact, bytes, dead }: Table): string =>
  `${name}: ${exact ? '' : 'about '}${rows.toLocaleString('en')} rows, ${sizeWords(bytes)}, ${dead.toLocaleString('en')} dead`;

export const statistics = defineWork({
  name: 'statistics',
  summary: 'tells how large the database, its tables and the temporary files are; changes nothing',
  input: z.object({}),
  run: (_input, context) =>
    withOwner(context, async db => {
      const tables: Table[] = [];
      for (const table of await sizesOf(db)) {
        context.signal.throwIfAborted();
        tables.push(await counted(db, table));
      }
      for (const [index, table] of tables.entries()) context.progress((index + 1) / (tables.length + 1), tableWords(table));
      const [database, temporary] = [await wholeOf(db), await temporaryOf(context)];
      context.progress(
        1,
        `${database.name}: ${sizeWords(database.bytes)}, ${tables.length} tables; temporary files: ${temporary.files}, ${sizeWords(temporary.bytes)}`,
      );
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      return { database: { ...database, tables: tables.length, rows }, temporary, tables: tables.slice(0, 60) };
    }),
});
