import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chown, link, lstat, mkdir, open, readdir, readFile, readlink, symlink, utimes, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { safe } from '../domain/safe-text.ts';
import { WorkRefused } from './define-work.ts';
import { measureFile, type Measured } from './files.ts';

/** A file of media as it was copied. Names are octets: what is no UTF-8 is one all the same. */
type Entry = { readonly name: Buffer; readonly octets: number; readonly changedMs: number; readonly sha256: string };

/** A copy that was made before, whose unchanged files are linked instead of copied. */
export type Earlier = { readonly folder: string; readonly entries: ReadonlyMap<string, Entry> };

type Counts = { files: number; octets: number; linked: number; skipped: number };
type Copying = {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly earlier: Earlier | undefined;
  readonly signal: AbortSignal;
  readonly entries: Entry[];
  readonly counts: Counts;
};

const slash = Buffer.from('/');
const join = (folder: Buffer, name: Buffer): Buffer => (folder.length === 0 ? name : Buffer.concat([folder, slash, name]));
const below = (root: Buffer, name: Buffer): Buffer => (name.length === 0 ? root : Buffer.concat([root, slash, name]));
const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
const told = (name: Buffer): string => safe(name.toString('utf8'), { max: 200 });

const lineOf = ({ name, octets, changedMs, sha256 }: Entry): string => `${sha256} ${octets} ${changedMs} ${name.toString('base64')}\n`;

/** What lists the files of a copy: hash, octets, time of the last change, name in base64. */
export const readListing = async (file: string): Promise<ReadonlyMap<string, Entry>> => {
  const entries = new Map<string, Entry>();
  for (const line of (await readFile(file, 'utf8')).split('\n').filter(text => text !== '')) {
    const [sha256 = '', octets, changedMs, name = ''] = line.split(' ');
    entries.set(name, { sha256, octets: Number(octets), changedMs: Number(changedMs), name: Buffer.from(name, 'base64') });
  }
  return entries;
};

/** A hard link to the earlier copy where the file has not changed since; the hash is the one of then. */
const linkUnchanged = async ({ to, earlier }: Copying, name: Buffer, octets: number, changedMs: number): Promise<Entry | undefined> => {
  const before = earlier?.entries.get(name.toString('base64'));
  if (!earlier || before?.octets !== octets || before.changedMs !== changedMs) return undefined;
  const copy = below(Buffer.from(earlier.folder), name);
  try {
    const found = await lstat(copy);
    if (!found.isFile() || found.size !== octets) return undefined;
    await link(copy, below(to, name));
    return before;
  } catch (error) {
    // Another disk, or as many links as a file may have: a copy does as well
    if (['EXDEV', 'EMLINK', 'ENOENT', 'EPERM'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
};

const pieceLength = 1 << 18;

/** Copies what is left of one open file to another, and says what it was. */
const pour = async (source: FileHandle, target: FileHandle, signal: AbortSignal): Promise<Measured> => {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(pieceLength);
  for (let octets = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await source.read(piece, 0, pieceLength);
    if (bytesRead === 0) return { octets, sha256: hash.digest('hex') };
    const read = piece.subarray(0, bytesRead);
    hash.update(read);
    await target.writeFile(read);
    octets += bytesRead;
  }
};

const copyOne = async ({ from, to, signal }: Copying, name: Buffer): Promise<Entry | undefined> => {
  // Whatever stands there by now: a link is not followed, and a pipe does not wait for its other end
  await using source = await open(below(from, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const before = await source.stat();
  if (!before.isFile()) return undefined;
  await using target = await open(below(to, name), 'wx', 0o600);
  const measured = await pour(source, target, signal);
  await target.chmod(before.mode & 0o777);
  await target.sync();
  return { name, ...measured, changedMs: Math.round(before.mtimeMs) };
};

const copyFileEntry = async (copying: Copying, name: Buffer): Promise<void> => {
  const { from, to, entries, counts } = copying;
  const { size, mtimeMs, uid, gid } = await lstat(below(from, name));
  const linked = await linkUnchanged(copying, name, size, Math.round(mtimeMs));
  const entry = linked ?? (await copyOne(copying, name));
  if (!entry) return void counts.skipped++;
  if (!linked) {
    if (process.getuid?.() === 0) await chown(below(to, name), uid, gid);
    await utimes(below(to, name), entry.changedMs / 1_000, entry.changedMs / 1_000);
  }
  counts.files++;
  counts.octets += entry.octets;
  if (linked) counts.linked++;
  entries.push(entry);
};

const copyEntry = async (copying: Copying, name: Buffer): Promise<readonly Buffer[]> => {
  const { from, to, counts } = copying;
  const found = await lstat(below(from, name));
  if (found.isDirectory()) {
    await mkdir(below(to, name), { mode: 0o700 });
    const names = await readdir(below(from, name), { encoding: 'buffer' });
    return names.map(child => join(name, child));
  }
  if (found.isSymbolicLink()) await symlink(await readlink(below(from, name), { encoding: 'buffer' }), below(to, name));
  else if (found.isFile()) await copyFileEntry(copying, name);
  else counts.skipped++;
  return [];
};

/** Copies a folder of media; what has not changed since an earlier copy costs no space. Links stay links and are never followed. */
export const copyMedia = async (
  from: string,
  to: string,
  earlier: Earlier | undefined,
  signal: AbortSignal,
): Promise<Readonly<Counts> & { readonly listing: string }> => {
  const root = await lstat(from).catch(() => undefined);
  if (!root?.isDirectory()) throw new WorkRefused(`${safe(from)} is no folder, or a link to one: name the folder itself in platform.media`);
  const counts: Counts = { files: 0, octets: 0, linked: 0, skipped: 0 };
  const copying: Copying = { from: Buffer.from(from), to: Buffer.from(to), earlier, signal, entries: [], counts };
  const waiting: Buffer[] = [Buffer.alloc(0)];
  for (let name = waiting.pop(); name; name = waiting.pop()) {
    signal.throwIfAborted();
    try {
      for (const child of await copyEntry(copying, name)) waiting.push(child);
    } catch (error) {
      // Deleted while its folder was read
      if (codeOf(error) === 'ENOENT' && name.length > 0) continue;
      throw codeOf(error) === 'EACCES' ? new WorkRefused(`${safe(from)}/${told(name)} may not be read by whoever takes backups`) : error;
    }
  }
  const listing = copying.entries.toSorted((a, b) => Buffer.compare(a.name, b.name)).map(lineOf).join(''); // prettier-ignore
  return { ...counts, listing };
};

/** Reads every file that a listing names. Throws WorkRefused at the first that is not as it was. */
export const checkMedia = async (folder: string, listing: string, signal: AbortSignal): Promise<void> => {
  for (const { name, octets, sha256 } of (await readListing(listing)).values()) {
    const found = await measureFile(below(Buffer.from(folder), name), signal).catch((error: unknown) => {
      throw codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP'
        ? new WorkRefused(`${told(name)} is missing in ${path.basename(folder)}`)
        : error;
    });
    if (found.octets !== octets || found.sha256 !== sha256)
      throw new WorkRefused(`${told(name)} in ${path.basename(folder)} is not what was copied`);
  }
};
