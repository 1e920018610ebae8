import { lstat, mkdir, readdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { backupKeysOf, readSecretKey } from '../database/secret-key.ts';
import { inTurn, TurnError } from '../database/local/turns.ts';
import { isBackupName, type BackupSort } from '../domain/backup.ts';
import { WorkRefused, type WorkContext } from './define-work.ts';
import { synchronize } from './files.ts';
import { readManifest, type AnyManifest } from './manifest.ts';
import { readNotes, type Notes } from './vault-notes.ts';

/** A folder that holds backups of one sort, each in a folder of its own that is named by time and run. */
export type Vault = {
  readonly folder: string;
  /** Vouches for manifests. */
  readonly signing: Buffer;
  /** Opens and seals files; undefined where the host has no key for backups. */
  readonly sealing: Buffer | undefined;
};

type Settings = Pick<WorkContext, 'home' | 'backup' | 'secretKeyFile'>;

export const rootOf = ({ home, backup }: Settings): string => backup.folder ?? path.join(home, 'backups');

/** The backups of this host. Their key is that of `backup.keyFile`, or the one that the home keeps anyway. */
export const openVault = async (settings: Settings, sort: BackupSort, root = rootOf(settings)): Promise<Vault> => {
  const folder = path.join(root, sort);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { keyFile } = settings.backup;
  const { signing, sealing } = backupKeysOf(await readSecretKey(settings.home, keyFile ?? settings.secretKeyFile));
  return { folder, signing, sealing: keyFile === undefined ? undefined : sealing };
};

/** What is not whole yet, or about to go: nothing calls it a backup. */
export const unfinishedPrefix = '.part-';
const goingPrefix = '.gone-';
const plainPrefix = '.plain-';
export const plainFolderOf = ({ folder }: Vault, name: string): string => path.join(folder, `${plainPrefix}${name}`);

/** A folder that is really one, and not a link to one. */
const isFolder = async (place: string): Promise<boolean> => (await lstat(place).catch(() => undefined))?.isDirectory() === true;

/** What lies there: a backup of ours, or something that says why it is none. */
export type Lying = { readonly name: string } & (
  | { readonly manifest: AnyManifest; readonly notes: Notes; readonly why: string | undefined }
  | { readonly manifest: undefined; readonly why: string }
);

/** Files that are shorter or longer than they were tell without being read. */
const wrongSizes = async (folder: string, { files }: AnyManifest): Promise<string | undefined> => {
  for (const { name, octets } of files) {
    const found = await lstat(path.join(folder, name)).catch(() => undefined);
    if (!found?.isFile()) return `${name} is missing`;
    if (found.size !== octets) return `${name} has ${found.size} octets instead of ${octets}`;
  }
  return undefined;
};

/** One backup by its name; `why` says what is wrong with it as far as can be seen without reading it whole. */
export const lookAt = async ({ folder, signing }: Vault, name: string): Promise<Lying> => {
  const place = path.join(folder, name);
  if (!isBackupName(name) || !(await isFolder(place))) return { name, manifest: undefined, why: 'it is no folder of a backup' };
  try {
    const manifest = await readManifest(place, signing);
    const notes = await readNotes(place);
    return { name, manifest, notes, why: (await wrongSizes(place, manifest)) ?? notes.corrupt };
  } catch (error) {
    if (error instanceof WorkRefused) return { name, manifest: undefined, why: error.message };
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { name, manifest: undefined, why: 'it has no manifest' };
    throw error;
  }
};

/** What has the name of a backup, the newest first. */
export const namesIn = async ({ folder }: Vault): Promise<readonly string[]> =>
  (await readdir(folder)).filter(isBackupName).toSorted().toReversed();

/** Everything that lies in a vault, the newest first. */
export const lookAround = async (vault: Vault): Promise<readonly Lying[]> => {
  const found: Lying[] = [];
  for (const name of await namesIn(vault)) found.push(await lookAt(vault, name));
  return found;
};

/** A whole backup by its name. Throws WorkRefused where there is none. */
export const findBackup = async (
  vault: Vault,
  name: string,
): Promise<{ readonly manifest: AnyManifest; readonly folder: string; readonly notes: Notes }> => {
  const found = await lookAt(vault, name);
  if (!found.manifest) throw new WorkRefused(`${name}: ${found.why}`);
  return { manifest: found.manifest, folder: path.join(vault.folder, name), notes: found.notes };
};

/** Takes away what a killed work left behind. */
export const sweep = async ({ folder }: Vault): Promise<void> => {
  const left = (await readdir(folder)).filter(name => [unfinishedPrefix, goingPrefix, plainPrefix].some(prefix => name.startsWith(prefix)));
  for (const name of left) await rm(path.join(folder, name), { recursive: true, force: true });
};

/** Removes one backup. Its name goes first, so that half of one is never taken for one. */
const removeBackup = async ({ folder }: Vault, name: string): Promise<void> => {
  if (!isBackupName(name) || !(await isFolder(path.join(folder, name)))) throw new Error(`${name} names no backup`);
  const going = path.join(folder, `${goingPrefix}${name}`);
  await rename(path.join(folder, name), going);
  await synchronize(folder);
  await rm(going, { recursive: true, force: true });
};

const dayMs = 86_400_000;

/** Which backups are older than they have to be: never a pinned one, never one of the newest that are whole, and nothing that is not ours. */
export const expiredOf = (
  lying: readonly Lying[],
  { days, keepAtLeast, now }: { readonly days: number; readonly keepAtLeast: number; readonly now: Date },
): readonly string[] => {
  const whole = lying.filter(({ manifest, why }) => manifest !== undefined && why === undefined);
  const kept = new Set(whole.slice(0, keepAtLeast).map(({ name }) => name));
  return lying.flatMap(one =>
    one.manifest === undefined || one.notes.pinned || kept.has(one.name) || Date.parse(one.manifest.takenAt) >= now.getTime() - days * dayMs
      ? []
      : [one.name],
  );
};

export const expire = async (vault: Vault, keep: Parameters<typeof expiredOf>[1]): Promise<readonly string[]> => {
  const names = expiredOf(await lookAround(vault), keep);
  for (const name of names) await removeBackup(vault, name);
  return names;
};

/** Octets that are free, and the share of the disk that they are; of the nearest folder that is there, since a folder of backups comes with the first one. */
export const freeSpace = async (folder: string): Promise<{ readonly octets: number; readonly share: number; readonly place: string }> => {
  const found = await statfs(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && path.dirname(folder) !== folder) return undefined;
    throw error;
  });
  if (!found) return freeSpace(path.dirname(folder));
  const { bavail, bsize, blocks } = found;
  return { octets: bavail * bsize, share: blocks === 0 ? 1 : bavail / blocks, place: folder };
};

const lockPatienceMs = 3_000;

/** Backups of a host are taken, checked and removed by one process at a time. */
export const alone = async <T>(settings: Settings, work: () => Promise<T>): Promise<T> => {
  const turns = path.join(rootOf(settings), '.turns');
  await mkdir(turns, { recursive: true, mode: 0o700 });
  try {
    return await inTurn(turns, work, lockPatienceMs);
  } catch (error) {
    if (error instanceof TurnError) throw new WorkRefused('another work on the backups of this host is under way: wait until it has ended');
    throw error;
  }
};
