import { copyFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BackupSort } from '../domain/backup.ts';
import { checkHashes } from './check-backup.ts';
import { WorkRefused, type WorkContext } from './define-work.ts';
import { measuring, synchronize } from './files.ts';
import { manifestFile, signManifest, type AnyManifest, type BackupFile } from './manifest.ts';
import { demandRoom } from './room.ts';
import { openFile, sealFile } from './seal-file.ts';
import { noteCheck, notePinned, readNotes } from './vault-notes.ts';
import { lookAt, lookAround, openVault, sweep, unfinishedPrefix, type Lying, type Vault } from './vault.ts';

/** Whole ones, the newest first. */
export const wholeOf = (lying: readonly Lying[]): readonly AnyManifest[] =>
  lying.flatMap(({ manifest, why }) => (manifest === undefined || why !== undefined ? [] : [manifest]));

/** What is sealed lies beside what it is made of for a while. */
const sealingGrowth = 11 / 6;

/** Refuses to begin what would fill the disk: 1.2 times what is expected must be free, 2.2 times where it is sealed. */
export const demandSpace = (vault: Vault, expected: number): Promise<void> =>
  demandRoom(vault, expected * (vault.sealing ? sealingGrowth : 1));

/** A folder for what is not whole yet. */
export const unfinishedFolder = async (vault: Vault, run: string): Promise<string> => {
  await sweep(vault);
  const folder = path.join(vault.folder, `${unfinishedPrefix}${run}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
};

/** Seals files where the host has a key for it, and removes what they were made of. */
export const sealAll = async (
  { sealing }: Vault,
  folder: string,
  files: readonly BackupFile[],
  signal: AbortSignal,
): Promise<readonly BackupFile[]> => {
  if (!sealing) return files;
  const done: BackupFile[] = [];
  for (const { name, octets, sha256 } of files) {
    const [plain, part] = [path.join(folder, name), path.join(folder, `${name}.sealed`)];
    const sealed = await sealFile(plain, part, name, sealing, signal);
    // What cannot be opened any more would be found out when it is needed
    const again = measuring();
    again.stream.resume();
    await pipeline(await openFile(part, name, sealing), again.stream, { signal });
    for (const inside of [sealed.plain, again.result()])
      if (inside.sha256 !== sha256 || inside.octets !== octets)
        throw new WorkRefused(`${name} came out of its seal as something else: look at the disk`);
    await rename(part, plain);
    done.push({ name, ...sealed });
  }
  return done;
};

/** Signs what was read whole, forces it to the disk and gives it its name: before that nothing calls it a backup. */
export const giveName = async (vault: Vault, unfinished: string, manifest: AnyManifest): Promise<void> => {
  {
    await using file = await open(path.join(unfinished, manifestFile), 'wx', 0o600);
    await file.writeFile(signManifest(manifest, vault.signing));
    await file.sync();
  }
  await noteCheck(unfinished, new Date(), null);
  await synchronize(unfinished);
  await rename(unfinished, path.join(vault.folder, manifest.name));
  await synchronize(vault.folder);
};

/** Copies a backup to the other disk or host and reads the copy whole; does nothing where that was done. */
export const copyAway = async (
  context: WorkContext,
  sort: BackupSort,
  manifest: AnyManifest,
  copyMore: (from: string, other: Vault, unfinished: string) => Promise<void> = async () => undefined,
): Promise<boolean> => {
  const { copyTo } = context.backup;
  if (copyTo === undefined) return false;
  if (context.backup.keyFile === undefined) {
    // A restore is not the moment to demand a key: its safety backup stays here, and the pane shows that it was not copied
    if (manifest.run.startsWith('safety-')) return false;
    throw new WorkRefused(
      `${manifest.name} is not encrypted and does not leave this host: name the file of a key in backup.keyFile, or take copyTo away`,
    );
  }
  const [vault, other] = [await openVault(context, sort), await openVault(context, sort, copyTo)];
  if ((await lookAt(other, manifest.name)).why === undefined) return true;
  const from = path.join(vault.folder, manifest.name);
  await rm(path.join(other.folder, manifest.name), { recursive: true, force: true });
  const unfinished = await unfinishedFolder(other, manifest.run);
  for (const name of [...manifest.files.map(file => file.name), manifestFile]) {
    context.signal.throwIfAborted();
    await copyFile(path.join(from, name), path.join(unfinished, name));
    await synchronize(path.join(unfinished, name));
  }
  await checkHashes({
    manifest,
    folder: unfinished,
    signal: context.signal,
    progress: (_done, words) => context.progress(0.9, `copy: ${words}`),
  });
  if ((await readFile(path.join(unfinished, manifestFile), 'utf8')) !== (await readFile(path.join(from, manifestFile), 'utf8')))
    throw new WorkRefused('the copy of the manifest differs: look at the disk');
  await copyMore(from, other, unfinished);
  await noteCheck(unfinished, new Date(), null);
  if ((await readNotes(from)).pinned) await notePinned(unfinished, true);
  await rename(unfinished, path.join(other.folder, manifest.name));
  await synchronize(other.folder);
  return true;
};

/** The backup that a run took before, so that the run can be begun again. */
export const takenBy = async (vault: Vault, run: string): Promise<AnyManifest | undefined> =>
  wholeOf((await lookAround(vault)).filter(({ name }) => name.endsWith(`Z-${run}`)))[0];
