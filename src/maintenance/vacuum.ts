import { z } from 'zod';
import { openDirect, type Direct } from '../database/direct.ts';
import { withOwner } from './cleanup/store.ts';
import { defineWork, WorkRefused, type WorkContext } from './define-work.ts';

type Table = { readonly name: string; readonly live: number; readonly dead: number; readonly bytes: number };

const tablesWith = async (db: Direct, wanted: string | undefined): Promise<readonly Table[]> => {
  const { rows } = await db.query<Table>(
    `SELECT format('%I.%I', s.schemaname, s.relname) AS name, s.n_live_tup::float8 AS live, s.n_dead_tup::float8 AS dead, pg_total_relation_size(s.relid)::float8 AS bytes
       FROM pg_stat_user_tables s WHERE CASE WHEN $1::text IS NULL THEN s.n_dead_tup > 0 OR s.n_mod_since_analyze > 0 OR s.last_analyze IS NULL AND s.last_autoanalyze IS NULL
              ELSE s.relid = to_regclass($1) END ORDER BY s.n_dead_tup DESC, 1`,
    [wanted ?? null],
  );
  return rows;
};

/** Has the server cancel what the connection does when the work is to end: a vacuum that is cancelled has harmed nothing. */
const cancelling = async <T>({ databaseUrl, signal }: WorkContext, db: Direct, work: () => Promise<T>): Promise<T> => {
  const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const cancel = async (): Promise<void> => {
    const other = await openDirect(await databaseUrl(), { applicationName: 'bursar maintain' }, () => undefined);
    try {
      await other.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid]);
    } finally {
      await other.end();
    }
  };
  // Where it cannot be cancelled the table under way is finished, and no other begun
  const onAbort = (): void => void cancel().catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

const vacuumEach = async (db: Direct, context: WorkContext, tables: readonly Table[]) => {
  const done: { readonly table: string; readonly dead: number; readonly left: number; readonly milliseconds: number }[] = [];
  for (const [index, { name, dead }] of tables.entries()) {
    context.signal.throwIfAborted();
    const began = performance.now();
    // Never FULL: that would lock the table and write it anew
    await db.query(`VACUUM (ANALYZE) ${name}`);
    const milliseconds = Math.round(performance.now() - began);
    const [after] = await tablesWith(db, name);
    done.push({ table: name, dead, left: after?.dead ?? 0, milliseconds });
    context.progress((index + 1) / tables.length, `${name}: ${dead.toLocaleString('en')} dead rows, ${milliseconds} ms`);
  }
  return done;
};

export const vacuum = defineWork({
  name: 'vacuum',
  summary: 'frees the room of dead rows and measures tables anew, one table after the other; nobody waits for it',
  input: z.object({
    table: z
      .string()
      .regex(/^[a-z_]+\.("[a-z_]+"|[a-z_]+)$/, 'is a table with its schema, such as bank.transaction')
      .optional()
      .meta({ title: 'One table, instead of all that need it' }),
  }),
  run: ({ table }, context) =>
    withOwner(context, async db => {
      const tables = await tablesWith(db, table);
      if (table !== undefined && tables.length === 0) throw new WorkRefused(`there is no table ${table}`);
      // Whoever has a table locked is not waited for long; it is vacuumed the next time
      await db.query(`SET lock_timeout = '30s'`);
      const done = await cancelling(context, db, () => vacuumEach(db, context, tables));
      context.progress(1, `${done.length} ${done.length === 1 ? 'table' : 'tables'}`);
      return { tables: done.length, dead: done.reduce((sum, { dead }) => sum + dead, 0), each: done.slice(0, 60) };
    }),
});
