import { lstat, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Direct } from '../database/direct.ts';
import { Place } from '../domain/platform-upkeep.ts';
import { withOwner } from './cleanup/store.ts';
import { defineWork, WorkRefused, type WorkContext } from './define-work.ts';
import { inOpened, openFolder } from './opened-folder.ts';
import { databaseOrphans } from './orphans/databases.ts';
import { isYoung, namesOf, placeOf, seenOf, toldFile, wantedFiles } from './orphans/files.ts';
import { readList, type OrphanDatabase, type OrphanFile } from './orphans/list.ts';
import { alone, databaseOf, dropDatabase } from './restore/databases.ts';
import { nameOfEntry } from './tree-list.ts';

type Left = { readonly name: string; readonly why: string };
type Removed = { readonly removed: number; readonly octets: number; readonly left: readonly Left[] };

const partsOf = (name: Buffer): readonly Buffer[] =>
  name
    .toString('latin1')
    .split('/')
    .map(part => Buffer.from(part, 'latin1'));

/** Does the work in the folder of a file, to which every step leads through an opened folder and none through a link. */
const inItsFolder = async <T>(root: string, name: Buffer, work: (folder: FileHandle, own: Buffer) => Promise<T>): Promise<T> => {
  const parts = partsOf(name);
  const own = parts.at(-1) ?? name;
  let folder = await openFolder(root);
  try {
    for (const part of parts.slice(0, -1)) {
      const inner = await openFolder(inOpened(folder, part));
      await folder.close();
      folder = inner;
    }
    return await work(folder, own);
  } finally {
    await folder.close();
  }
};

/** Removes one file if it is still the one that was listed; otherwise says why it stays. */
const removeFile = async (file: OrphanFile, wanted: ReadonlySet<string>): Promise<string | undefined> => {
  const name = nameOfEntry(file);
  if (namesOf(file.root, name).some(one => wanted.has(one))) return 'a document names it by now';
  try {
    return await inItsFolder(file.root, name, async (folder, own) => {
      const stat = await lstat(inOpened(folder, own), { bigint: true });
      if (!stat.isFile() || Number(stat.size) !== file.octets || JSON.stringify(seenOf(stat)) !== JSON.stringify(file.seen))
        return 'it changed since';
      if (isYoung(stat)) return 'it is younger than a day';
      await unlink(inOpened(folder, own));
      return undefined;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'it is gone already';
    if (code === 'ENOTDIR' || code === 'ELOOP') return 'a link or something else stands in its way';
    throw error;
  }
};

const isBelow = (file: OrphanFile, under: string): boolean => {
  const place = placeOf(file).toString('latin1');
  const folder = Buffer.from(under.replace(/\/+$/, '')).toString('latin1');
  return place === folder || place.startsWith(`${folder}/`);
};

const removeFiles = async (
  db: Direct,
  files: readonly OrphanFile[],
  { platform, signal, progress }: Pick<WorkContext, 'platform' | 'signal' | 'progress'>,
): Promise<Removed> => {
  const wanted = await wantedFiles(db);
  const left: Left[] = [];
  let [removed, octets] = [0, 0];
  for (const [index, file] of files.entries()) {
    signal.throwIfAborted();
    const why = platform.media.includes(file.root) ? await removeFile(file, wanted) : 'its folder is none of platform.media any more';
    if (why === undefined) [removed, octets] = [removed + 1, octets + file.octets];
    else left.push({ name: toldFile(file), why });
    if (index % 500 === 499)
      progress(index / files.length, `${removed.toLocaleString('en')} of ${files.length.toLocaleString('en')} files are gone`);
  }
  return { removed, octets, left };
};

/** While no restore and no drill works on this database: which of its scratch databases one still needs is asked again, and told by the journals of this host. */
const removeDatabases = (databases: readonly OrphanDatabase[], context: WorkContext, url: string): Promise<Removed> =>
  alone(url, async server => {
    const now = await databaseOrphans(server, databaseOf(url), context.home);
    const left: Left[] = [];
    let [removed, octets] = [0, 0];
    for (const { name, oid, octets: size } of databases) {
      context.signal.throwIfAborted();
      const found = now.strays.find(one => one.name === name);
      if (found?.oid !== oid) {
        left.push({
          name,
          why: found ? 'it is another one by now' : (now.left.find(one => one.name === name)?.why ?? 'it is gone already'),
        });
        continue;
      }
      await dropDatabase(server, name);
      [removed, octets] = [removed + 1, octets + size];
      context.progress(removed / databases.length, `${name} is dropped`);
    }
    return { removed, octets, left };
  });

/** Told in the log; the result has room for a few. */
const mostTold = 20;

export const removeOrphans = defineWork({
  name: 'remove-orphans',
  summary: 'removes what a list of orphans names and nothing else; what changed since stays',
  input: z.object({
    list: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'is the hash of a list')
      .meta({ title: 'List, by its hash' }),
    what: z.enum(['media', 'databases']),
    under: Place.optional().meta({ title: 'Only files in this folder of media' }),
  }),
  run: ({ list, what, under }, context) =>
    withOwner(context, async db => {
      const orphans = await readList(context.home, list);
      if (what === 'media' && !context.platform.media.some(root => under === root || under?.startsWith(`${root}${path.sep}`)))
        throw new WorkRefused(
          'name a folder of platform.media, or one in it, with --under: what the platform keeps beside documents nobody here knows',
        );
      const { removed, octets, left } =
        what === 'media'
          ? await removeFiles(db, orphans.flatMap(one => (one.kind === 'file' && isBelow(one, under ?? '') ? [one] : [])), context)
          : await removeDatabases(orphans.flatMap(one => (one.kind === 'database' ? [one] : [])), context, await context.databaseUrl()); // prettier-ignore
      for (const { name, why } of left.slice(0, mostTold)) context.progress(1, `${name} stays: ${why}`);
      context.progress(
        1,
        `${removed.toLocaleString('en')} ${what === 'media' ? 'files' : 'databases'} are gone, ${left.length.toLocaleString('en')} stay`,
      );
      return { list, what, removed, octets, left: left.length };
    }),
});
