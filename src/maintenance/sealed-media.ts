import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { safe } from '../domain/safe-text.ts';
import { WorkRefused } from './define-work.ts';
import type { BackupFile, FilesManifest, MediaFolder } from './manifest.ts';
import { checkObject, copyObject, hasObject, objectsOf, putAside, storeObject, synchronizeObjects, type Objects, type Stored, type Unsynced } from './objects.ts'; // prettier-ignore
import { demandRoom } from './room.ts';
import { sealStream } from './seal-file.ts';
import { lineOf, nameOfEntry, readTreeList, type FileEntry, type TreeEntry } from './tree-list.ts';
import { isGone, walkTree, type Met } from './tree.ts';
import type { Vault } from './vault.ts';

/** How a list of a folder is called, and what it is sealed as. */
export const listName = (folder: string): string => `${folder}.list`;

type Counts = {
  files: number;
  octets: number;
  linked: number;
  skipped: number;
  objects: number;
  stored: number;
  changing: number;
  vanished: number;
};
type Storing = {
  readonly vault: Vault;
  readonly objects: Objects;
  readonly unsynced: Unsynced;
  readonly earlier: ReadonlyMap<string, FileEntry>;
  readonly counts: Counts;
  readonly signal: AbortSignal;
};

/** A change so shortly before a file is read may be followed by another that its times do not tell from it: file systems count in ticks. */
const tickMs = 2_000;
/** How often a file is read that changes while it is read. */
const mostReads = 3;

const whoseOf = ({ name, stat }: Met) => ({
  name: name.toString('base64'), mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid), changed: String(stat.mtimeNs),
}); // prettier-ignore

const fingerprint = ({ size, mtimeNs, ctimeNs }: Met['stat']): string => `${size} ${mtimeNs} ${ctimeNs}`;

const piecesOf = (handle: FileHandle): AsyncIterable<Buffer> =>
  handle.createReadStream({ autoClose: false, start: 0, highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;

/** Stores what stands in a file now; `stat` is undefined where it changed meanwhile. Undefined: it is no file any more. */
const readOnce = async ({ objects, unsynced, signal }: Storing, met: Extract<Met, { kind: 'file' }>) => {
  await using handle = await met.open();
  const before = await handle.stat({ bigint: true });
  if (!before.isFile()) return undefined;
  const stored = await storeObject(objects, piecesOf(handle), unsynced, signal);
  const after = await handle.stat({ bigint: true });
  return { stored, stat: before, isSteady: fingerprint(before) === fingerprint(after) && BigInt(stored.octets) === after.size };
};

type Read = { readonly stored: Stored; readonly stat: Met['stat']; readonly isSteady: boolean };

const readFileOf = async (storing: Storing, met: Extract<Met, { kind: 'file' }>): Promise<Read | undefined> => {
  for (let reads = 1; ; reads++) {
    const read = await readOnce(storing, met);
    if (!read || read.isSteady || reads === mostReads) return read;
  }
};

/** Nothing about it changed since the earlier backup, whose object lies there: then it need not be read. */
const unchanged = async ({ earlier, objects }: Storing, { name, stat }: Met): Promise<FileEntry | undefined> => {
  const before = earlier.get(name.toString('base64'));
  if (before?.touched !== String(stat.ctimeNs) || before.changed !== String(stat.mtimeNs) || BigInt(before.octets) !== stat.size)
    return undefined;
  return (await hasObject(objects, before.object, before.octets)) ? before : undefined;
};

const fileEntry = async (storing: Storing, met: Extract<Met, { kind: 'file' }>): Promise<TreeEntry | undefined> => {
  const { counts, vault } = storing;
  const before = await unchanged(storing, met);
  if (before) {
    counts.files++;
    counts.linked++;
    counts.octets += before.octets;
    return { ...before, ...whoseOf(met) };
  }
  await demandRoom(vault, Number(met.stat.size));
  const read = await readFileOf(storing, met);
  if (!read) return void counts.skipped++;
  const { stored, stat, isSteady } = read;
  counts.files++;
  counts.octets += stored.octets;
  if (stored.isNew) counts.objects++;
  if (stored.isNew) counts.stored += stored.octets;
  if (!isSteady) counts.changing++;
  const isOld = Date.now() - Number(stat.ctimeMs) > tickMs;
  return { kind: 'file', ...whoseOf({ ...met, stat }), octets: stored.octets, object: stored.name, touched: isSteady && isOld ? String(stat.ctimeNs) : null }; // prettier-ignore
};

const entryOf = async (storing: Storing, met: Met): Promise<TreeEntry | undefined> => {
  if (met.kind === 'folder') return { kind: 'folder', ...whoseOf(met) };
  if (met.kind === 'link') return { kind: 'link', ...whoseOf(met), to: met.to.toString('base64') };
  if (met.kind === 'other') return void storing.counts.skipped++;
  try {
    return await fileEntry(storing, met);
  } catch (error) {
    if (!isGone(error)) throw error;
    return void storing.counts.vanished++;
  }
};

async function* linesOf(storing: Storing, from: string): AsyncGenerator<Buffer> {
  for await (const met of walkTree(from, { onGone: () => storing.counts.vanished++, signal: storing.signal })) {
    const entry = await entryOf(storing, met);
    if (entry) yield lineOf(entry);
  }
}

/** The files of the newest whole backup of that folder, by their names. */
export type EarlierList = ReadonlyMap<string, FileEntry>;

export const readEarlier = async (vault: Vault, manifest: FilesManifest, folder: string): Promise<EarlierList> => {
  const entries = new Map<string, FileEntry>();
  if (!vault.sealing) return entries;
  for await (const entry of readTreeList(path.join(vault.folder, manifest.name, listName(folder)), listName(folder), vault.sealing))
    if (entry.kind === 'file') entries.set(entry.name, entry);
  return entries;
};

/** Seals a folder of media: what is new becomes an object, and a sealed list says what stood where. Memory grows with the number of files and not with their size. */
export const sealMedia = async (
  vault: Vault,
  {
    from,
    unfinished,
    folder,
    earlier,
  }: { readonly from: string; readonly unfinished: string; readonly folder: string; readonly earlier: EarlierList },
  signal: AbortSignal,
): Promise<{ readonly media: MediaFolder; readonly list: BackupFile }> => {
  const objects = await objectsOf(vault);
  const counts: Counts = { files: 0, octets: 0, linked: 0, skipped: 0, objects: 0, stored: 0, changing: 0, vanished: 0 };
  const storing: Storing = { vault, objects, unsynced: new Set(), earlier, counts, signal };
  const name = listName(folder);
  const sealed = await sealStream(linesOf(storing, from), path.join(unfinished, name), name, objects.sealing, signal);
  await synchronizeObjects(objects, storing.unsynced);
  const { files, octets, linked, skipped, changing, vanished } = counts;
  return {
    media: { from, folder, files, octets, linked, skipped, sealed: { objects: counts.objects, octets: counts.stored, changing, vanished } },
    list: { name, ...sealed },
  };
};

const told = (entry: FileEntry): string => safe(nameOfEntry(entry).toString('utf8'), { max: 200 });

/** What of a backup is looked at. */
export type Sealed = { readonly vault: Vault; readonly place: string; readonly folder: string; readonly signal: AbortSignal };

export const entriesOf = ({ place, folder }: Pick<Sealed, 'place' | 'folder'>, { sealing }: Objects): AsyncGenerator<TreeEntry> =>
  readTreeList(path.join(place, listName(folder)), listName(folder), sealing);

/** Reads every object that a list names, whole. One that is not what was stored is put aside, so that the next backup can store it anew. Throws WorkRefused. */
export const checkSealedMedia = async (sealed: Sealed): Promise<void> => {
  const objects = await objectsOf(sealed.vault);
  const seen = new Set<string>();
  const faults: string[] = [];
  for await (const entry of entriesOf(sealed, objects)) {
    if (entry.kind !== 'file' || seen.has(entry.object)) continue;
    seen.add(entry.object);
    try {
      const octets = await checkObject(objects, entry.object, sealed.signal);
      if (octets !== entry.octets) throw new WorkRefused(`the object has ${octets} octets`);
    } catch (error) {
      if (!(error instanceof WorkRefused)) throw error;
      await putAside(objects, entry.object);
      faults.push(`${told(entry)} in ${sealed.folder} is not what was stored: ${error.message}`);
    }
  }
  const [first, ...more] = faults;
  if (first !== undefined) throw new WorkRefused(more.length === 0 ? first : `${first}; and ${more.length} more`);
};

/** Copies what a list names to another vault of the same key; only what is not there yet crosses. Gives how many objects did. */
export const copySealedMedia = async (sealed: Sealed, other: Vault): Promise<number> => {
  const [from, to] = [await objectsOf(sealed.vault), await objectsOf(other)];
  const unsynced: Unsynced = new Set();
  let crossed = 0;
  for await (const entry of entriesOf(sealed, from)) {
    if (entry.kind !== 'file') continue;
    if (await copyObject(from, to, { name: entry.object, octets: entry.octets }, unsynced, sealed.signal)) crossed++;
  }
  await synchronizeObjects(to, unsynced);
  return crossed;
};
