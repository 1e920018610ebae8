import { createWriteStream } from 'node:fs';
import { chmod, chown, lchown, lstat, lutimes, mkdir, open, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { safe } from '../domain/safe-text.ts';
import { WorkRefused, type WorkContext } from './define-work.ts';
import { measureFile, measuring, synchronize, type Measured } from './files.ts';
import type { MediaFolder } from './manifest.ts';
import { checkMedia, copyMedia } from './media.ts';
import { objectsOf, readObject, type Objects } from './objects.ts';
import { entriesOf, listName } from './sealed-media.ts';
import { nameOfEntry, type FileEntry, type TreeEntry } from './tree-list.ts';
import { below, walkTree } from './tree.ts';
import type { Vault } from './vault.ts';

export type Unpacked = { readonly files: number; readonly octets: number };

type Unpacking = {
  readonly vault: Vault;
  /** The folder of the backup. */
  readonly place: string;
  readonly media: MediaFolder;
  /** What is made new. */
  readonly to: string;
  /** What stands there now, whose rights copies take that did not keep their own. */
  readonly like: string;
  /** A file or folder of it; undefined: all. */
  readonly only: string | undefined;
  readonly signal: AbortSignal;
  readonly progress: WorkContext['progress'];
};

const isRoot = process.getuid?.() === 0;
const secondsOf = (nanoseconds: string): number => Number(nanoseconds) / 1e9;

/** A file as it was: written, forced to the disk, read back and compared with what came out of its object. */
const writeFileOf = async (objects: Objects, entry: FileEntry, place: Buffer, signal: AbortSignal): Promise<void> => {
  const { stream, result } = measuring();
  await pipeline(readObject(objects, entry.object, signal), stream, createWriteStream(place, { flags: 'wx', mode: 0o600 }), { signal });
  const written: Measured = result();
  {
    await using file = await open(place, 'r+');
    await file.sync();
  }
  const found = await measureFile(place, signal);
  if (found.sha256 !== written.sha256 || found.octets !== entry.octets)
    throw new WorkRefused(`${safe(nameOfEntry(entry).toString('utf8'), { max: 200 })} was not written as it was stored: look at the disk`);
};

/** Rights last: whoever owns a file may not write into its folder any more. */
const giveRights = async (entry: TreeEntry, place: Buffer): Promise<void> => {
  const changed = secondsOf(entry.changed);
  if (entry.kind === 'link') {
    if (isRoot) await lchown(place, entry.uid, entry.gid);
    return lutimes(place, changed, changed);
  }
  // Changing the owner takes the bits away that let a program run as him
  if (isRoot) await chown(place, entry.uid, entry.gid);
  await chmod(place, entry.mode);
  await utimes(place, changed, changed);
};

const isWithin = (name: Buffer, only: Buffer | undefined): boolean =>
  only === undefined || name.equals(only) || name.subarray(0, only.length + 1).equals(Buffer.concat([only, Buffer.from('/')]));

/** The folders above a name, the outermost first. */
const above = (name: Buffer): readonly Buffer[] => {
  const found: Buffer[] = [];
  for (let end = name.indexOf(47); end >= 0; end = name.indexOf(47, end + 1)) found.push(name.subarray(0, end));
  return found;
};

const unpackSealed = async ({ vault, place, media, to, only, signal, progress }: Unpacking): Promise<Unpacked> => {
  const objects = await objectsOf(vault);
  const wanted = only === undefined ? undefined : Buffer.from(only);
  const folders: TreeEntry[] = [];
  const counts = { files: 0, octets: 0 };
  await mkdir(to, { mode: 0o700 });
  if (wanted) for (const folder of above(wanted)) await mkdir(below(to, folder), { mode: 0o700 });
  for await (const entry of entriesOf({ place, folder: media.folder }, objects)) {
    signal.throwIfAborted();
    const name = nameOfEntry(entry);
    if (!isWithin(name, wanted)) continue;
    const made = below(to, name);
    if (entry.kind === 'folder') {
      if (name.length > 0) await mkdir(made, { mode: 0o700 });
      folders.push(entry);
      continue;
    }
    if (entry.kind === 'link') await symlink(Buffer.from(entry.to, 'base64'), made);
    else await writeFileOf(objects, entry, made, signal);
    await giveRights(entry, made);
    counts.files++;
    counts.octets += entry.kind === 'file' ? entry.octets : 0;
    if (counts.files % 100 === 0) progress((0.9 * counts.octets) / Math.max(1, media.octets), `${counts.files} files are written`);
  }
  // The innermost first: a folder's time changes with what is put into it
  for (const entry of folders.toReversed()) {
    const made = below(to, nameOfEntry(entry));
    await synchronize(made);
    await giveRights(entry, made);
  }
  return counts;
};

/** Copies that were not sealed kept no rights of folders: they get those of what stands there now. */
const likeNow = async (to: string, like: string, signal: AbortSignal): Promise<void> => {
  const now = await lstat(like).catch(() => undefined);
  if (!now?.isDirectory()) return;
  const folders: Buffer[] = [];
  for await (const met of walkTree(to, { onGone: () => undefined, signal })) if (met.kind === 'folder') folders.push(below(to, met.name));
  for (const place of folders.toReversed()) {
    if (isRoot) await chown(place, now.uid, now.gid);
    await chmod(place, now.mode & 0o7777);
  }
};

const unpackCopy = async ({ place, media, to, like, only, signal }: Unpacking): Promise<Unpacked> => {
  if (only !== undefined) throw new WorkRefused('this backup is not sealed: copy what you need out of its folder with cp -a');
  const [copy, listing] = [path.join(place, media.folder), path.join(place, listName(media.folder))];
  await checkMedia(copy, listing, signal);
  const { files, octets } = await copyMedia(copy, to, undefined, signal);
  await checkMedia(to, listing, signal);
  await likeNow(to, like, signal);
  return { files, octets };
};

/** Makes a new folder of what a backup holds of one, with the rights and times that it had. Throws WorkRefused at the first file that is not as it was stored. */
export const unpackMedia = (unpacking: Unpacking): Promise<Unpacked> =>
  unpacking.media.sealed ? unpackSealed(unpacking) : unpackCopy(unpacking);
