import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readlink, type FileHandle } from 'node:fs/promises';
import { safe } from '../domain/safe-text.ts';
import { WorkRefused } from './define-work.ts';
import { inOpened, namesInOpened, openFolder } from './opened-folder.ts';

/** What is met below a folder. Names are octets, relative to it; the folder itself has none. */
export type Met = { readonly name: Buffer; readonly stat: BigIntStats } & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'other' }
  | { readonly kind: 'link'; readonly to: Buffer }
  | { readonly kind: 'file'; readonly open: () => Promise<FileHandle> }
);

const slash = Buffer.from('/');
/** A name below a folder that may be the root itself. */
const within = (folder: Buffer, name: Buffer): Buffer => (folder.length === 0 ? name : Buffer.concat([folder, slash, name]));
export const below = (root: string, name: Buffer): Buffer => (name.length === 0 ? Buffer.from(root) : Buffer.concat([Buffer.from(root), slash, name])); // prettier-ignore

/** It was deleted, or became something else, while its folder was read. */
export const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Never through a link, and never waiting for the other end of a pipe. */
const openPlain = (place: Buffer): Promise<FileHandle> => open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);

const meet = async (folder: FileHandle, own: Buffer, name: Buffer): Promise<Met> => {
  const place = inOpened(folder, own);
  const stat = await lstat(place, { bigint: true });
  if (stat.isDirectory()) return { name, stat, kind: 'folder' };
  if (stat.isSymbolicLink()) return { name, stat, kind: 'link', to: await readlink(place, { encoding: 'buffer' }) };
  return stat.isFile() ? { name, stat, kind: 'file', open: () => openPlain(place) } : { name, stat, kind: 'other' };
};

type Walking = { readonly onGone: () => void; readonly signal: AbortSignal };

async function* walk(folder: FileHandle, place: Buffer, walking: Walking): AsyncGenerator<Met> {
  const names = (await namesInOpened(folder)).toSorted((a, b) => Buffer.compare(a, b));
  for (const own of names) {
    walking.signal.throwIfAborted();
    const name = within(place, own);
    const met = await meet(folder, own, name).catch((error: unknown) => {
      if (isGone(error)) return undefined;
      throw error;
    });
    if (!met) {
      walking.onGone();
      continue;
    }
    if (met.kind !== 'folder') {
      yield met;
      continue;
    }
    const inner = await openFolder(inOpened(folder, own)).catch((error: unknown) => {
      if (isGone(error)) return undefined;
      throw error;
    });
    if (!inner) {
      walking.onGone();
      continue;
    }
    try {
      // Of the folder that is open by now, whatever stood there before
      yield { name, kind: 'folder', stat: await inner.stat({ bigint: true }) };
      yield* walk(inner, name, walking);
    } finally {
      await inner.close();
    }
  }
}

/** Everything below a folder and the folder itself, which comes first, each folder before what is in it. Links are told and not followed. */
export async function* walkTree(root: string, walking: Walking): AsyncGenerator<Met> {
  const opened = await openFolder(root).catch((error: NodeJS.ErrnoException) => {
    throw isGone(error) ? new WorkRefused(`${safe(root)} is no folder, or a link to one`) : error;
  });
  try {
    yield { name: Buffer.alloc(0), kind: 'folder', stat: await opened.stat({ bigint: true }) };
    yield* walk(opened, Buffer.alloc(0), walking);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EACCES'
      ? new WorkRefused(`something in ${safe(root)} may not be read by whoever takes backups`)
      : error;
  } finally {
    await opened.close();
  }
}
