import type { Direct } from '../../database/direct.ts';
import { stemOf } from '../../domain/names-beside.ts';
import { restoresOf } from '../restore/journal.ts';
import { drillRemark } from '../restore/drill.ts';
import type { OrphanDatabase } from './list.ts';

const youngMs = 86_400_000;

type Lying = {
  readonly name: string;
  readonly oid: string;
  readonly octets: number;
  readonly sessions: number;
  readonly remark: string | null;
};

/** Databases beside this one that a restore or a drill has made, or has put aside. */
const scratchDatabases = async (db: Direct, database: string, journalled: readonly string[]): Promise<readonly Lying[]> => {
  const stem = stemOf(database);
  const { rows } = await db.query<Lying>(
    `SELECT d.datname AS name, d.oid::text AS oid, pg_database_size(d.oid)::float8 AS octets, (SELECT count(*)::int FROM pg_stat_activity a WHERE a.datid = d.oid) AS sessions,
            shobj_description(d.oid, 'pg_database') AS remark
       FROM pg_database d WHERE NOT d.datistemplate AND d.datname <> $1
        AND (d.datname = ANY ($3) OR d.datname = $2 || '_drill' OR d.datname ~ ('^' || $2 || '_(restore_[a-z0-9]{1,8}|old_[0-9]{14})$')) ORDER BY 1`,
    [database, stem, journalled],
  );
  return rows;
};

/** When the files of a database were made; undefined where this login may not look. */
const madeAt = async (db: Direct, oid: string): Promise<Date | undefined> => {
  const { rows } = await db.query<{ made: Date | null }>(
    `SELECT CASE WHEN has_function_privilege('pg_stat_file(text, boolean)', 'EXECUTE') THEN (pg_stat_file('base/' || $1 || '/PG_VERSION', true)).modification END AS made`,
    [oid],
  );
  return rows[0]?.made ?? undefined;
};

export type DatabaseOrphans = {
  readonly strays: readonly OrphanDatabase[];
  readonly left: readonly { readonly name: string; readonly why: string }[];
};

/** What restores and drills left that were killed. One that a restore may still need, that somebody uses or that is young is left, and said why. */
export const databaseOrphans = async (db: Direct, database: string, home: string): Promise<DatabaseOrphans> => {
  const all = await restoresOf(home);
  const restores = all.filter(({ known }) => known.database === database);
  const journalled = restores.flatMap(({ known: { scratch, old } }) => [scratch, old].filter(name => name !== undefined));
  const others = new Set(all.flatMap(({ known }) => (known.database === database ? [] : [known.scratch, known.old])));
  const strays: OrphanDatabase[] = [];
  const left: { name: string; why: string }[] = [];
  for (const { name, oid, octets, sessions, remark } of await scratchDatabases(db, database, journalled)) {
    const its = restores.filter(({ known }) => [known.scratch, known.old].includes(name));
    if (its.length === 0 && others.has(name)) continue;
    const made = its.at(-1)?.lastAt ?? (await madeAt(db, oid));
    if (/_old_\d{14}$/.test(name)) left.push({ name, why: 'a restore replaced it: bursar backups drop-old-database' });
    else if (name.endsWith('_drill') && remark !== drillRemark(database))
      left.push({ name, why: `no drill of ${database} made it: whoever knows it drops it` });
    else if (its.some(({ end }) => end === undefined))
      left.push({ name, why: 'its restore has not ended: bursar maintain restore-resume' });
    else if (sessions > 0) left.push({ name, why: 'somebody is connected to it' });
    else if (made === undefined) left.push({ name, why: 'nobody can tell how old it is' });
    else if (made.getTime() > Date.now() - youngMs) left.push({ name, why: 'it is younger than a day' });
    else strays.push({ kind: 'database', name, oid, octets });
  }
  return { strays, left };
};
