import path from 'node:path';
import { z } from 'zod';
import type { Direct } from '../database/direct.ts';
import { sizeWords } from './cleanup/estimate.ts';
import { isThere, unfinishedFiles } from './cleanup/file-parts.ts';
import { countFiles, listFiles } from './cleanup/folder.ts';
import { rowParts } from './cleanup/parts.ts';
import { countRows, hasTable } from './cleanup/rows.ts';
import { withOwner } from './cleanup/store.ts';
import { defineWork, type WorkContext } from './define-work.ts';

type Orphans = {
  readonly what: string;
  readonly count: number;
  readonly bytes: number;
  /** A few of them. */
  readonly such: readonly string[];
  /** Whether the policy `orphaned-data` removes them; the rest is for a person to judge. */
  readonly goes: boolean;
};

/** Files that are looked at in one folder; whoever has more has another tool. */
const mostFiles = 200_000;
const tomorrow = (): Date => new Date(Date.now() + 86_400_000);

const rowsOf = async (db: Direct): Promise<readonly Orphans[]> => {
  const found: Orphans[] = [];
  for (const part of rowParts.filter(({ policy }) => policy === 'orphaned-data')) {
    if (!(await hasTable(db, part))) continue;
    const { rows, bytes } = await countRows(db, part, tomorrow());
    found.push({ what: part.what, count: rows, bytes, such: [], goes: true });
  }
  return found;
};

/** Notes are evidence: those about something that is gone are told, and stay. */
const notesOf = async (db: Direct): Promise<readonly Orphans[]> => {
  const { rows: kinds } = await db.query<{ entity: string; relation: string; column: string }>(
    'SELECT entity, relation, id_column AS column FROM ops.notable ORDER BY entity',
  );
  const such: string[] = [];
  for (const { entity, relation, column } of kinds) {
    const { rows } = await db.query<{ id: string }>(
      `SELECT n.id::text AS id FROM ops.note n WHERE n.entity = $1 AND NOT EXISTS (SELECT FROM ${relation} r WHERE r.${column}::text = n.entity_id) LIMIT 1000`,
      [entity],
    );
    such.push(...rows.map(({ id }) => `note ${id} about ${entity}`));
  }
  return [{ what: 'notes about what is gone', count: such.length, bytes: 0, such: such.slice(0, 5), goes: false }];
};

/** A reference of a document names a file by its place, its name or its name without an ending. */
const namesOf = (root: string, place: string): readonly string[] => [
  place, path.join(root, place), path.basename(place), path.parse(place).name,
]; // prettier-ignore

const mediaOf = async (db: Direct, { platform, signal }: WorkContext): Promise<readonly Orphans[]> => {
  if (platform.media.length === 0) return [];
  const { rows } = await db.query<{ reference: string }>('SELECT reference FROM bank.document');
  const wanted = new Set(rows.map(({ reference }) => reference));
  const met = new Set<string>();
  const strays: string[] = [];
  for (const root of platform.media) {
    if (!(await isThere(root))) continue;
    for (const place of await listFiles(root, { most: mostFiles, signal })) {
      const named = namesOf(root, place).find(name => wanted.has(name));
      if (named === undefined) strays.push(path.join(root, place));
      else met.add(named);
    }
  }
  const missing = [...wanted].filter(reference => !met.has(reference));
  return [
    { what: 'media files without a document', count: strays.length, bytes: 0, such: strays.slice(0, 5), goes: false },
    { what: 'documents without a file', count: missing.length, bytes: 0, such: missing.slice(0, 5), goes: false },
  ];
};

const unfinishedOf = async (context: WorkContext): Promise<readonly Orphans[]> => {
  const { what, root, only } = unfinishedFiles(context);
  if (!(await isThere(root))) return [];
  const { rows, bytes } = await countFiles({ root, boundary: tomorrow(), ...(only ? { only } : {}), signal: context.signal });
  return [{ what, count: rows, bytes, such: [], goes: true }];
};

/** Databases beside this one that carry its name: what restores and drills leave is dropped by an action of its own. */
const databasesOf = async (db: Direct): Promise<Orphans> => {
  const { rows } = await db.query<{ name: string; bytes: number }>(
    `SELECT d.datname AS name, pg_database_size(d.oid)::float8 AS bytes FROM pg_database d
      WHERE d.datallowconn AND NOT d.datistemplate AND d.datname <> current_database() AND starts_with(d.datname, current_database() || '_') ORDER BY 1`,
  );
  const bytes = rows.reduce((sum, one) => sum + one.bytes, 0);
  return {
    what: 'databases of restores and drills',
    count: rows.length,
    bytes,
    such: rows.slice(0, 5).map(({ name }) => name),
    goes: false,
  };
};

export const orphans = defineWork({
  name: 'orphans',
  summary: 'lists rows and files that belong to nothing; changes nothing',
  input: z.object({}),
  run: (_input, context) =>
    withOwner(context, async db => {
      const found = [
        ...(await rowsOf(db)),
        ...(await notesOf(db)),
        ...(await mediaOf(db, context)),
        ...(await unfinishedOf(context)),
        await databasesOf(db),
      ];
      for (const [index, { what, count, bytes, such, goes }] of found.entries())
        context.progress(
          (index + 1) / found.length,
          [`${count.toLocaleString('en')} ${what}`, ...(bytes > 0 ? [sizeWords(bytes)] : []), ...(count === 0 ? [] : [goes ? 'removed by the policy orphaned-data' : 'for a person to judge']), ...such].join(', '),
        ); // prettier-ignore
      return { orphans: found.reduce((sum, { count }) => sum + count, 0), each: found };
    }),
});
