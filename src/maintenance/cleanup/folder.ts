import { constants } from 'node:fs';
import { lstat, realpath, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { WorkRefused } from '../define-work.ts';
import { inOpened, namesInOpened, openFolder } from '../opened-folder.ts';
import type { Counted } from './store.ts';

/** A name in a folder as octets: it need be no text. */
type Entry = { readonly name: Buffer; readonly isFolder: boolean; readonly mode: number; readonly size: number; readonly changed: Date };

const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Who unpacks an old file has a new one: the later of content and place counts. */
const changedAt = (stat: { mtimeMs: number; ctimeMs: number }): Date => new Date(Math.max(stat.mtimeMs, stat.ctimeMs));

const entryOf = async (folder: FileHandle, name: Buffer, device: number): Promise<Entry | undefined> => {
  try {
    const stat = await lstat(inOpened(folder, name));
    if (stat.dev !== device) return undefined; // another file system is mounted there
    return { name, isFolder: stat.isDirectory(), mode: stat.mode & constants.S_IFMT, size: stat.size, changed: changedAt(stat) };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

type Walk = {
  readonly device: number;
  readonly fits: (place: string, entry: { readonly size: number; readonly changed: Date }) => boolean;
  readonly onFile: (folder: FileHandle, entry: Entry) => Promise<void>;
  /** What is done with a folder that was looked through; its own age is no reason. */
  readonly onFolder: ((folder: FileHandle, entry: Entry) => Promise<void>) | undefined;
  readonly signal: AbortSignal;
};

const plain: readonly number[] = [constants.S_IFREG, constants.S_IFLNK];

const walk = async (folder: FileHandle, place: string, given: Walk): Promise<void> => {
  for (const name of await namesInOpened(folder)) {
    given.signal.throwIfAborted();
    const entry = await entryOf(folder, name, given.device);
    if (!entry) continue;
    const within = path.join(place, name.toString('latin1'));
    if (!entry.isFolder) {
      if (plain.includes(entry.mode) && given.fits(within, entry)) await given.onFile(folder, entry);
      continue;
    }
    try {
      await using inner = await openFolder(inOpened(folder, name));
      await walk(inner, within, given);
    } catch (error) {
      if (!isGone(error)) throw error;
      continue;
    }
    await given.onFolder?.(folder, entry);
  }
};

/** Whether a folder may be cleaned: it is no link, and neither the root nor one of the folders of the system. */
const checkedRoot = async (root: string): Promise<string> => {
  const real = await realpath(root);
  if (path.resolve(root) !== root.replace(/(?<=.)\/$/, '')) throw new WorkRefused(`${root} goes round about: name the folder itself`);
  if (real !== path.resolve(root)) throw new WorkRefused(`${root} is a link: name the folder that it leads to`);
  const parts = real.split('/').filter(part => part !== '');
  if (parts.length < 2 || ['proc', 'sys', 'dev', 'boot', 'etc', 'usr', 'bin', 'sbin', 'lib'].includes(parts[0] ?? ''))
    throw new WorkRefused(`${root} is too near to the root to be cleaned: name a folder below it`);
  return real;
};

const through = async (root: string, given: Omit<Walk, 'device'>): Promise<void> => {
  await using folder = await openFolder(await checkedRoot(root));
  await walk(folder, '', { ...given, device: (await folder.stat()).dev });
};

export type FileChoice = {
  readonly root: string;
  readonly boundary: Date;
  /** Which files, by their place below the root; undefined: all. */
  readonly only?: (place: string) => boolean;
  readonly signal: AbortSignal;
};

const fitsOf =
  ({ boundary, only }: FileChoice): Walk['fits'] =>
  (place, { changed }) =>
    changed < boundary && only?.(place) !== false;

/** Counts what is old in a folder; links are counted as themselves and not followed. */
export const countFiles = async (choice: FileChoice): Promise<Counted> => {
  let [rows, bytes] = [0, 0];
  let oldest: Date | null = null;
  let newest: Date | null = null;
  const onFile: Walk['onFile'] = async (_folder, { size, changed }) => {
    rows++;
    bytes += size;
    if (oldest === null || changed < oldest) oldest = changed;
    if (newest === null || changed > newest) newest = changed;
  };
  await through(choice.root, { fits: fitsOf(choice), onFile, onFolder: undefined, signal: choice.signal });
  return { rows, bytes, oldest, newest };
};

/** What a removal may do next; false ends it. */
export type OnRemoved = (octets: number) => Promise<boolean>;

/** Thrown by a removal that was told to end. */
class Enough extends Error {}

/** Removes what is old in a folder, and folders that it leaves empty; never the folder itself, and nothing behind a link. False where `onRemoved` ended it. */
export const removeFiles = async (choice: FileChoice, onRemoved: OnRemoved): Promise<boolean> => {
  const onFile: Walk['onFile'] = async (folder, { name, size }) => {
    await unlink(inOpened(folder, name));
    if (!(await onRemoved(size))) throw new Enough();
  };
  const onFolder: NonNullable<Walk['onFolder']> = async (folder, { name, changed }) => {
    // It was empty for so long itself, or somebody may be about to write into it
    if (changed < choice.boundary) await rmdir(inOpened(folder, name)).catch(() => undefined);
  };
  try {
    await through(choice.root, { fits: fitsOf(choice), onFile, onFolder: choice.only ? undefined : onFolder, signal: choice.signal });
    return true;
  } catch (error) {
    if (error instanceof Enough) return false;
    throw error;
  }
};
