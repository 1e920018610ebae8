import { z } from 'zod';
import type { Direct } from '../database/direct.ts';
import { sizeWords } from './cleanup/estimate.ts';
import { isThere, unfinishedFiles } from './cleanup/file-parts.ts';
import { countFiles } from './cleanup/folder.ts';
import { rowParts } from './cleanup/parts.ts';
import { countRows, hasTable } from './cleanup/rows.ts';
import { withOwner } from './cleanup/store.ts';
import { safe } from '../domain/safe-text.ts';
import { defineWork, type WorkContext } from './define-work.ts';
import { databaseOrphans } from './orphans/databases.ts';
import { mediaOrphans, toldFile } from './orphans/files.ts';
import { keepList, type Orphan } from './orphans/list.ts';
import { databaseOf } from './restore/databases.ts';

type Orphans = {
  readonly what: string;
  readonly count: number;
  readonly bytes: number;
  /** A few of them. */
  readonly such: readonly string[];
  /** Whether the policy `orphaned-data` removes them; the rest is for a person to judge. */
  readonly goes: boolean;
};

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

const unfinishedOf = async (context: WorkContext): Promise<readonly Orphans[]> => {
  const { what, root, only } = unfinishedFiles(context);
  if (!(await isThere(root))) return [];
  const { rows, bytes } = await countFiles({ root, boundary: tomorrow(), ...(only ? { only } : {}), signal: context.signal });
  return [{ what, count: rows, bytes, such: [], goes: true }];
};

const sumOf = (orphans: readonly Orphan[]): number => orphans.reduce((sum, { octets }) => sum + octets, 0);

type Listed = { readonly found: readonly Orphans[]; readonly strays: readonly Orphan[] };

/** What a run removes by this list and by no other. */
const listed = async (db: Direct, context: WorkContext): Promise<Listed> => {
  const { strays: files, young, missing } = await mediaOrphans(db, context);
  const { strays: databases, left } = await databaseOrphans(db, databaseOf(await context.databaseUrl()), context.home);
  const stays = left.map(({ name, why }) => `${name} stays: ${why}`);
  const listedOf = (told: readonly string[], more: readonly string[]): readonly string[] => [...told.slice(0, 5), ...more.slice(0, 5)];
  return {
    found: [
      {
        what: 'media files without a document',
        count: files.length + young,
        bytes: sumOf(files),
        such: listedOf(files.map(toldFile), young === 0 ? [] : [`${young.toLocaleString('en')} younger than a day are not in the list`]),
        goes: false,
      },
      { what: 'documents without a file', count: missing.length, bytes: 0, such: listedOf(missing.map(name => safe(name, { max: 200 })), []), goes: false }, // prettier-ignore
      {
        what: 'databases of restores and drills',
        count: databases.length + left.length,
        bytes: sumOf(databases),
        such: listedOf(databases.map(({ name }) => name), stays), // prettier-ignore
        goes: false,
      },
    ],
    strays: [...files, ...databases],
  };
};

export const orphans = defineWork({
  name: 'orphans',
  summary: 'lists rows, files and databases that belong to nothing, and keeps the list for whoever removes them; changes nothing',
  input: z.object({}),
  run: (_input, context) =>
    withOwner(context, async db => {
      const { found: own, strays } = await listed(db, context);
      const found = [...(await rowsOf(db)), ...(await notesOf(db)), ...(await unfinishedOf(context)), ...own];
      for (const [index, { what, count, bytes, such, goes }] of found.entries())
        context.progress(
          (index + 1) / found.length,
          [`${count.toLocaleString('en')} ${what}`, ...(bytes > 0 ? [sizeWords(bytes)] : []), ...(count === 0 ? [] : [goes ? 'removed by the policy orphaned-data' : 'for a person to judge']), ...such].join(', '),
        ); // prettier-ignore
      const files = strays.filter(({ kind }) => kind === 'file');
      return {
        orphans: found.reduce((sum, { count }) => sum + count, 0),
        each: found,
        list: await keepList(context.home, strays),
        files: files.length,
        octets: sumOf(files),
        databases: strays.length - files.length,
      };
    }),
});
