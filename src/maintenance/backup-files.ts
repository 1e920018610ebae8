import { lstat, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { safe } from '../domain/safe-text.ts';
import { RunName, versionOf } from './backup.ts';
import { defineWork, WorkRefused, type WorkContext } from './define-work.ts';
import { measureFile, synchronize } from './files.ts';
import type { BackupFile, FilesManifest, MediaFolder } from './manifest.ts';
import { checkMedia, copyMedia, readListing, type Earlier } from './media.ts';
import { copyAway, demandSpace, giveName, sealAll, takenBy, unfinishedFolder, wholeOf } from './put-away.ts';
import { runProgram } from './tools.ts';
import { alone, expire, lookAround, nameOf, openVault, type Vault } from './vault.ts';

const tarFile = 'files.tar';

const measured = async (folder: string, name: string, signal: AbortSignal): Promise<BackupFile> => {
  await synchronize(path.join(folder, name));
  return { name, ...(await measureFile(path.join(folder, name), signal)) };
};

/** Configuration and certificates in one file. tar keeps links as links, and what begins with a dash is a name to it. */
const writeTar = async (folder: string, files: readonly string[], signal: AbortSignal): Promise<readonly BackupFile[]> => {
  if (files.length === 0) return [];
  for (const file of files) {
    if (!(await lstat(file).catch(() => undefined)))
      throw new WorkRefused(`${safe(file)} is missing: take it out of platform.files, or find out where it went`);
  }
  const tar = path.join(folder, tarFile);
  await runProgram('tar', ['--create', `--file=${tar}`, '--directory=/', '--', ...files.map(file => file.slice(1))], { signal });
  await runProgram('tar', ['--list', `--file=${tar}`], { signal });
  return [await measured(folder, tarFile, signal)];
};

const listingOf = (folder: string): string => `${folder}.list`;

/** The newest whole copy of that folder. */
const earlierOf = async (vault: Vault, from: string): Promise<Earlier | undefined> => {
  for (const manifest of wholeOf(await lookAround(vault))) {
    if (manifest.kind !== 'files') continue;
    const found = manifest.media.find(media => media.from === from);
    const folder = path.join(vault.folder, manifest.name);
    if (found) return { folder: path.join(folder, found.folder), entries: await readListing(path.join(folder, listingOf(found.folder))) };
  }
  return undefined;
};

type Copied = { readonly media: readonly MediaFolder[]; readonly files: readonly BackupFile[] };

/** Copies each folder into one of its own; `sourceOf` says where from. */
const copyAll = async (
  vault: Vault,
  unfinished: string,
  sources: readonly { readonly from: string; readonly read: string }[],
  { signal, progress }: WorkContext,
): Promise<Copied> => {
  const [media, files]: [MediaFolder[], BackupFile[]] = [[], []];
  for (const [index, { from, read }] of sources.entries()) {
    const folder = `media-${index + 1}`;
    progress((0.7 * index) / sources.length, `${safe(from)} is copied`);
    const { listing, ...counts } = await copyMedia(read, path.join(unfinished, folder), await earlierOf(vault, from), signal);
    await writeFile(path.join(unfinished, listingOf(folder)), listing, { flag: 'wx', mode: 0o600 });
    files.push(await measured(unfinished, listingOf(folder), signal));
    media.push({ from, folder, ...counts });
  }
  return { media, files };
};

const writeBackup = async (vault: Vault, run: string, context: WorkContext): Promise<FilesManifest> => {
  const begun = Date.now();
  const { platform, migrations, signal } = context;
  const before = wholeOf(await lookAround(vault))[0];
  await demandSpace(vault, before?.octets ?? 0);
  const unfinished = await unfinishedFolder(vault, run);
  try {
    const { media, files } = await copyAll(vault, unfinished, platform.media.map(from => ({ from, read: from })), context); // prettier-ignore
    // Of media only what changed was read twice: the hash of the rest is that of then, and verify-backup reads all
    const tar = await sealAll(vault, unfinished, await writeTar(unfinished, platform.files, signal), signal);
    const stored = [...files, ...tar];
    const takenAt = new Date();
    const manifest: FilesManifest = {
      format: 1, kind: 'files', name: nameOf(takenAt, run), run, takenAt: takenAt.toISOString(), bursar: await versionOf(migrations), encrypted: vault.sealing !== undefined && tar.length > 0,
      files: stored, media: [...media], octets: [...stored, ...media].reduce((sum, { octets }) => sum + octets, 0), previousOctets: before?.octets ?? null,
      seconds: (Date.now() - begun) / 1_000,
    }; // prettier-ignore
    await giveName(vault, unfinished, manifest);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
};

/** Copies of media cross with the rest to the other disk, and are linked there as they are here. */
const mediaAway = async (
  manifest: FilesManifest,
  from: string,
  other: Vault,
  unfinished: string,
  { signal }: WorkContext,
): Promise<void> => {
  for (const { from: original, folder } of manifest.media) {
    await copyMedia(path.join(from, folder), path.join(unfinished, folder), await earlierOf(other, original), signal);
    await checkMedia(path.join(unfinished, folder), path.join(from, listingOf(folder)), signal);
  }
};

const takeFiles = (run: string, context: WorkContext): Promise<object> =>
  alone(context, async () => {
    const { backup, platform, progress } = context;
    if (platform.media.length + platform.files.length === 0)
      throw new WorkRefused('the profile names neither platform.media nor platform.files: there is nothing to back up');
    const vault = await openVault(context, 'files');
    const taken = await takenBy(vault, run);
    const manifest = taken?.kind === 'files' ? taken : await writeBackup(vault, run, context);
    const copied = await copyAway(context, 'files', manifest, (from, other, unfinished) =>
      mediaAway(manifest, from, other, unfinished, context),
    );
    const keep = { days: backup.mediaDays, keepAtLeast: backup.keepAtLeast, now: new Date(manifest.takenAt) };
    const expired = await expire(vault, keep);
    if (backup.copyTo !== undefined) await expire(await openVault(context, 'files', backup.copyTo), keep);
    progress(1, `${manifest.name} is whole`);
    const { files, media, ...rest } = manifest;
    const told = Object.fromEntries(
      media.map(one => [one.from, `${one.files} files, ${one.octets} octets, ${one.linked} unchanged, ${one.skipped} skipped`]),
    );
    return { ...rest, files: files.length, media: told, path: path.join(vault.folder, manifest.name), verified: true, copied, expired };
  });

export const backupFilesWork = defineWork({
  name: 'backup-files',
  summary: 'copies media, configuration and certificates as the profile of the platform names them',
  input: z.object({ run: RunName }),
  run: ({ run }, context) => takeFiles(run, context),
});
