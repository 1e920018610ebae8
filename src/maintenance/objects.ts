import { createHash, createHmac, hkdfSync, randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { WorkRefused } from './define-work.ts';
import { synchronize } from './files.ts';
import { openFile, sealedLength, writeSealed } from './seal-file.ts';
import type { Vault } from './vault.ts';

/**
 * Contents of files, each sealed and there once, whatever backups need it. An object is named by a keyed hash of its content: whoever has no key can neither
 * tell what it is nor whether some file is among them. What lies under such a name is whole, since it was synced before it got it.
 */
export type Objects = { readonly folder: string; readonly naming: Buffer; readonly sealing: Buffer };

const objectName = /^[0-9a-f]{64}$/;
const partPrefix = '.part-';
const damagedPrefix = '.damaged-';
/** What an object is sealed as: its name is known only after its last octet was, and is proved by the hash of what comes out. */
const sealedAs = 'object';

/** The objects of a vault that has a key. Those of another key lie in another folder, so that neither removes the other's. */
export const objectsOf = async ({ folder, sealing }: Vault): Promise<Objects> => {
  if (!sealing) throw new WorkRefused('what is encrypted needs its key: name the file of it in backup.keyFile');
  const naming = Buffer.from(hkdfSync('sha256', sealing, '', 'bursar names of objects', 32));
  const place = path.join(folder, `.objects-${createHash('sha256').update('bursar objects ').update(naming).digest('hex').slice(0, 16)}`);
  await mkdir(place, { recursive: true, mode: 0o700 });
  return { folder: place, naming, sealing };
};

const placeOf = ({ folder }: Objects, name: string): string => {
  if (!objectName.test(name)) throw new Error(`${name.slice(0, 80)} names no object`);
  return path.join(folder, name.slice(0, 2), name);
};

/** Whether an object lies there with the length that it must have; nothing is read. */
export const hasObject = async (objects: Objects, name: string, octets: number): Promise<boolean> => {
  const found = await lstat(placeOf(objects, name)).catch(() => undefined);
  return found?.isFile() === true && found.size === sealedLength(octets);
};

/** The name of what passes. */
const naming = (objects: Objects, source: AsyncIterable<Buffer>) => {
  const hash = createHmac('sha256', objects.naming);
  let octets = 0;
  const passing = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      hash.update(piece);
      octets += piece.length;
      yield piece;
    }
  };
  return { passing: passing(), result: () => ({ name: hash.digest('hex'), octets }) };
};

/** What is in an object, as it was before it was sealed; at its end it was what its name says, or WorkRefused is thrown. */
export async function* readObject(objects: Objects, name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const opened = await openFile(placeOf(objects, name), sealedAs, objects.sealing).catch((error: NodeJS.ErrnoException) => {
    throw ['ENOENT', 'ELOOP'].includes(error.code ?? '') ? new WorkRefused(`the object ${name.slice(0, 16)} is missing`) : error;
  });
  const { passing, result } = naming(objects, opened);
  for await (const piece of passing) {
    signal.throwIfAborted();
    yield piece;
  }
  if (result().name !== name) throw new WorkRefused(`the object ${name.slice(0, 16)} holds something else`);
}

/** Reads an object whole; gives the octets in it. */
export const checkObject = async (objects: Objects, name: string, signal: AbortSignal): Promise<number> => {
  let octets = 0;
  for await (const piece of readObject(objects, name, signal)) octets += piece.length;
  return octets;
};

/** Folders whose names must be on the disk before a backup names its objects. */
export type Unsynced = Set<string>;

/** Gives what was written whole its name, unless another was faster. */
const giveName = async (objects: Objects, part: string, name: string, unsynced: Unsynced): Promise<void> => {
  const place = placeOf(objects, name);
  await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
  await rename(part, place);
  unsynced.add(path.dirname(place));
};

/** The name of a content that some source had, whether it had to be stored, and how long it is. */
export type Stored = { readonly name: string; readonly octets: number; readonly isNew: boolean };

/** Stores a content, once. What was written is opened again and compared: what cannot be opened would be found out when it is needed. */
export const storeObject = async (
  objects: Objects,
  source: AsyncIterable<Buffer>,
  unsynced: Unsynced,
  signal: AbortSignal,
): Promise<Stored> => {
  const part = path.join(objects.folder, `${partPrefix}${randomUUID()}`);
  try {
    const { passing, result } = naming(objects, source);
    await writeSealed(passing, part, sealedAs, objects.sealing, signal);
    const { name, octets } = result();
    if (await hasObject(objects, name, octets)) {
      await rm(part);
      // A killed work may have left it there with a name that is not on the disk yet
      unsynced.add(path.dirname(placeOf(objects, name)));
      return { name, octets, isNew: false };
    }
    const again = naming(objects, await openFile(part, sealedAs, objects.sealing));
    let found = 0;
    for await (const piece of again.passing) {
      signal.throwIfAborted();
      found += piece.length;
    }
    if (again.result().name !== name || found !== octets)
      throw new WorkRefused('a file came out of its seal as something else: look at the disk');
    await giveName(objects, part, name, unsynced);
    return { name, octets, isNew: true };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};

/** Forces the names of new objects to the disk: only then a backup may name them. */
export const synchronizeObjects = async ({ folder }: Objects, unsynced: Unsynced): Promise<void> => {
  for (const place of unsynced) await synchronize(place);
  await synchronize(folder);
};

/** Copies an object to another vault of the same key and reads the copy; false where it lies there. */
export const copyObject = async (
  from: Objects,
  to: Objects,
  { name, octets }: Pick<Stored, 'name' | 'octets'>,
  unsynced: Unsynced,
  signal: AbortSignal,
): Promise<boolean> => {
  if (await hasObject(to, name, octets)) return false;
  return (await storeObject(to, readObject(from, name, signal), unsynced, signal)).isNew;
};

/** Puts an object aside that is not what its name says: the next backup that meets its content stores it anew, and whatever needs it is whole again. */
export const putAside = async (objects: Objects, name: string): Promise<void> => {
  const place = placeOf(objects, name);
  await rename(place, path.join(path.dirname(place), `${damagedPrefix}${name}`)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
};

const namesIn = async (place: string): Promise<readonly string[]> => ((await lstat(place)).isDirectory() ? readdir(place) : []);

/** Removes the objects that nobody needs, and what a killed work left among them; gives how many objects. */
export const removeObjects = async (objects: Objects, needed: ReadonlySet<string>, signal: AbortSignal): Promise<number> => {
  let removed = 0;
  for (const shelf of await readdir(objects.folder)) {
    if (shelf.startsWith(partPrefix)) await rm(path.join(objects.folder, shelf), { force: true });
    if (!/^[0-9a-f]{2}$/.test(shelf)) continue;
    const names = await namesIn(path.join(objects.folder, shelf));
    for (const name of names) {
      signal.throwIfAborted();
      const wasDamaged =
        name.startsWith(damagedPrefix) &&
        (!needed.has(name.slice(damagedPrefix.length)) || names.includes(name.slice(damagedPrefix.length)));
      if (!wasDamaged && (!objectName.test(name) || needed.has(name))) continue;
      await rm(path.join(objects.folder, shelf, name), { force: true });
      if (!wasDamaged) removed++;
    }
  }
  return removed;
};
