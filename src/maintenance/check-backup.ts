import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readArchived } from './archive.ts';
import { WorkRefused } from './define-work.ts';
import { dumpFile } from './dump.ts';
import { measureFile, measuring, type Measured } from './files.ts';
import type { AnyManifest, BackupFile, Manifest } from './manifest.ts';
import { checkMedia } from './media.ts';
import { openFile } from './seal-file.ts';
import { checkSealedMedia, listName } from './sealed-media.ts';
import { findTools, runProgram } from './tools.ts';
import { plainFolderOf, type Vault } from './vault.ts';

type Checking = {
  readonly vault: Vault;
  readonly manifest: AnyManifest;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number, words: string) => void;
};

/** The octets of a file as they were before it was sealed. */
const plainOf = async ({ vault, folder, manifest }: Checking, { name, plain }: BackupFile): Promise<AsyncIterable<Buffer>> => {
  const file = path.join(folder, name);
  if (!plain) return createReadStream(file) as AsyncIterable<Buffer>;
  if (!vault.sealing) throw new WorkRefused(`${manifest.name} is encrypted: name the file of its key in backup.keyFile`);
  return openFile(file, name, vault.sealing);
};

const demandSame = (name: string, said: Measured, found: Measured): void => {
  if (found.octets !== said.octets) throw new WorkRefused(`${name} has ${found.octets} octets instead of ${said.octets}`);
  if (found.sha256 !== said.sha256)
    throw new WorkRefused(
      `${name} is not what was written: its hash is ${found.sha256.slice(0, 16)} instead of ${said.sha256.slice(0, 16)}`,
    );
};

/** Holds every file against the manifest. Throws WorkRefused at the first that differs. */
export const checkHashes = async ({ folder, manifest, signal, progress }: Omit<Checking, 'vault'>): Promise<void> => {
  for (const [index, file] of manifest.files.entries()) {
    progress(index / manifest.files.length, `${file.name} is read`);
    const found = await measureFile(path.join(folder, file.name), signal).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' || error.code === 'ELOOP' ? new WorkRefused(`${file.name} is missing`) : error;
    });
    demandSame(file.name, file, found);
  }
};

/** Opens what is sealed, and holds it against what was written. */
const checkInside = async (checking: Checking): Promise<void> => {
  for (const file of checking.manifest.files) {
    if (!file.plain) continue;
    const { stream, result } = measuring();
    stream.resume();
    await pipeline(await plainOf(checking, file), stream, { signal: checking.signal });
    demandSame(file.name, file.plain, result());
  }
};

const checkArchive = async ({ folder, signal }: Checking, { tables = [], rows }: Manifest): Promise<void> => {
  for (const { table, file } of tables) {
    const found = await readArchived(path.join(folder, file), signal);
    const said = rows[file.replace(/\.copy\.gz$/, '')];
    if (found.rows !== said) throw new WorkRefused(`${file} holds ${found.rows} rows of ${table} instead of ${said}`);
  }
};

/** Postgres's own reading of its own format, from the first octet to the last. */
const checkDump = async (checking: Checking, manifest: Manifest, tools: string | undefined): Promise<void> => {
  const found = await findTools(manifest.server, tools, checking.signal);
  const file = manifest.files.find(({ name }) => name === dumpFile);
  if (!file) throw new WorkRefused(`${manifest.name} holds no ${dumpFile}`);
  // Its hash is that of a dump which was read whole when it was written
  if (!found) return;
  await runProgram(path.join(found.folder, 'pg_restore'), ['--file=/dev/null'], {
    signal: checking.signal,
    input: await plainOf(checking, file),
  });
};

/** Reads a backup whole, inside and outside. Throws WorkRefused, saying what is wrong, unless it is what was written. */
export const checkBackup = async (checking: Checking, tools: string | undefined): Promise<void> => {
  const { manifest, progress } = checking;
  await checkHashes({ ...checking, progress: (done, words) => progress(0.5 * done, words) });
  progress(0.5, 'what is inside is read');
  await checkInside(checking);
  if (manifest.kind === 'dump') await checkDump(checking, manifest, tools);
  if (manifest.kind === 'archive' && !manifest.encrypted) await checkArchive(checking, manifest);
  if (manifest.kind === 'files')
    for (const { folder, sealed } of manifest.media)
      if (sealed) await checkSealedMedia({ vault: checking.vault, place: checking.folder, folder, signal: checking.signal });
      else await checkMedia(path.join(checking.folder, folder), path.join(checking.folder, listName(folder)), checking.signal);
};

/**
 * Gives the work a folder with the files of a backup as they were before they were sealed, after every one was held against the manifest. What had to be
 * opened for it lies there only as long as the work takes; after a kill -9 the next backup removes it.
 */
export const withPlainFiles = async <T>(checking: Checking, work: (folder: string) => Promise<T>): Promise<T> => {
  const { vault, manifest, signal, progress } = checking;
  await checkHashes(checking);
  if (!manifest.encrypted) return work(checking.folder);
  const plain = plainFolderOf(vault, manifest.name);
  await rm(plain, { recursive: true, force: true });
  await mkdir(plain, { mode: 0o700 });
  try {
    for (const file of manifest.files) {
      progress(1, `${file.name} is opened`);
      const { stream, result } = measuring();
      await pipeline(await plainOf(checking, file), stream, createWriteStream(path.join(plain, file.name), { flags: 'wx', mode: 0o600 }), {
        signal,
      });
      if (file.plain) demandSame(file.name, file.plain, result());
    }
    return await work(plain);
  } finally {
    await rm(plain, { recursive: true, force: true });
  }
};
