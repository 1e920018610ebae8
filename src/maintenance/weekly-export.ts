import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { openDirect, type Direct } from '../database/direct.ts';
import { defineWork } from './define-work.ts';
import { writeWhole } from './whole-file.ts';

/** Rows of the log that the guide wants to be kept by the week. */
const rowsKept = 1_000;

const activity = `
  SELECT a.seq::text, a.at, a.operator, a.action, a.verb, a.entity, a.entity_id AS "entityId", a.outcome::text FROM ops.audit a ORDER BY a.seq DESC LIMIT $1`;

const sizes = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_total_relation_size(c.oid)::text AS octets, greatest(c.reltuples, 0)::bigint::text AS "rowsAbout"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('bank', 'ops', 'platform')
   ORDER BY pg_total_relation_size(c.oid) DESC, 1`;

const usersByRole = `SELECT role::text, status::text, count(*)::int FROM bank."user" GROUP BY 1, 2 ORDER BY 1, 2`;

const actionsOfDay = `
  SELECT action, count(*)::int, max(at) AS last FROM ops.audit WHERE at > now() - interval '24 hours' GROUP BY action ORDER BY count(*) DESC, action`;

const failedSignIns = `
  SELECT count(*)::int AS failures, count(DISTINCT ip)::int AS addresses FROM bank.auth_event WHERE type = 'login_failure' AND at > now() - interval '7 days'`;

type Stats = { readonly databaseOctets: string } & Readonly<Record<string, unknown>>;

const statsOf = async (connection: Direct): Promise<Stats> => {
  const rowsOf = async (sql: string): Promise<readonly Record<string, unknown>[]> =>
    (await connection.query<Record<string, unknown>>(sql)).rows;
  const [whole] = await rowsOf('SELECT pg_database_size(current_database())::text AS octets, clock_timestamp() AS at');
  const [signIns] = await rowsOf(failedSignIns);
  return {
    at: whole?.['at'], databaseOctets: String(whole?.['octets']), tables: await rowsOf(sizes), usersByRole: await rowsOf(usersByRole),
    actionsOfDay: await rowsOf(actionsOfDay), failedSignInsOfWeek: signIns ?? {},
  }; // prettier-ignore
};

/** What the database had grown to a week before; undefined where nobody wrote it down, or nobody can read it. */
const former = async (file: string): Promise<string | undefined> => {
  try {
    const read = z.object({ databaseOctets: z.string().regex(/^\d{1,18}$/) }).safeParse(JSON.parse(await readFile(file, 'utf8')));
    return read.success ? read.data.databaseOctets : undefined;
  } catch {
    return undefined; // a first week, or a file that somebody edited: growth is told from the next one on
  }
};

/** The newest thousand rows of the log, and how large everything is: two files that only their owner reads, whole or as they were. */
export const weeklyExport = defineWork({
  name: 'weekly-export',
  summary: 'write weekly_activity.json and weekly_stats.json',
  input: z.object({}),
  run: async (_input, { home, databaseUrl, progress }) => {
    const folder = path.join(home, 'weekly');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const files = { activity: path.join(folder, 'weekly_activity.json'), stats: path.join(folder, 'weekly_stats.json') };
    const connection = await openDirect(
      await databaseUrl(),
      { applicationName: 'bursar maintain weekly-export', readOnly: true },
      () => undefined,
    );
    try {
      await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await connection.query(activity, [rowsKept]);
      progress(0.3, `${rows.length} rows of the log`);
      const stats = await statsOf(connection);
      await connection.query('COMMIT');
      progress(0.8, `the database has ${stats.databaseOctets} octets`);
      const before = await former(files.stats);
      const grown = before === undefined ? null : String(BigInt(stats.databaseOctets) - BigInt(before));
      await writeWhole(files.activity, `${JSON.stringify({ rows }, null, 1)}\n`);
      await writeWhole(files.stats, `${JSON.stringify({ ...stats, grownOctets: grown }, null, 1)}\n`);
      return { folder, rows: rows.length, databaseOctets: stats.databaseOctets, grownOctets: grown };
    } finally {
      await connection.end();
    }
  },
});
