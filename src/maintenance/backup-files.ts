import { lstat, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { backupNameOf } from '../domain/backup.ts';
import { safe } from '../domain/safe-text.ts';
import { RunName, versionOf } from './backup.ts';
import { goneFrom } from './copies.ts';
import { defineWork, WorkRefused, type WorkContext } from './define-work.ts';
import { collectObjects, expireFiles } from './expire-files.ts';
import { measureFile, synchronize } from './files.ts';
import type { BackupFile, FilesManifest, MediaFolder } from './manifest.ts';
import { copyMedia, readListing, type Earlier } from './media.ts';
import { copyAway, demandSpace, giveName, sealAll, takenBy, unfinishedFolder, wholeOf } from './put-away.ts';
import { copySealedMedia, listName, readEarlier, sealMedia, type EarlierList } from './sealed-media.ts';
import { runProgram } from './tools.ts';
import { alone, lookAround, openVault, type Vault } from './vault.ts';

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

type Source = { readonly vault: Vault; readonly unfinished: string; readonly from: string; readonly folder: string };
type Taken = { readonly media: MediaFolder; readonly list: BackupFile };

/** The newest whole backup of that folder which was taken in the same way. */
const earlierOf = async ({
  vault,
  from,
}: Source): Promise<{ readonly manifest: FilesManifest; readonly media: MediaFolder } | undefined> => {
  for (const manifest of wholeOf(await lookAround(vault))) {
    const media = manifest.kind === 'files' ? manifest.media.find(one => one.from === from) : undefined;
    if (manifest.kind === 'files' && media && (media.sealed !== undefined) === (vault.sealing !== undefined)) return { manifest, media };
  }
  return undefined;
};

const seal = async (source: Source, signal: AbortSignal): Promise<Taken> => {
  const found = await earlierOf(source);
  const earlier: EarlierList = found ? await readEarlier(source.vault, found.manifest, found.media.folder) : new Map();
  return sealMedia(source.vault, { ...source, earlier }, signal);
};

/** Where the host has no key, what has not changed is a hard link to the copy before. */
const copy = async (source: Source, signal: AbortSignal): Promise<Taken> => {
  const { vault, unfinished, from, folder } = source;
  const found = await earlierOf(source);
  const before = found && path.join(vault.folder, found.manifest.name);
  const earlier: Earlier | undefined =
    found && before !== undefined
      ? { folder: path.join(before, found.media.folder), entries: await readListing(path.join(before, listName(found.media.folder))) }
      : undefined;
  const { listing, ...counts } = await copyMedia(from, path.join(unfinished, folder), earlier, signal);
  await writeFile(path.join(unfinished, listName(folder)), listing, { flag: 'wx', mode: 0o600 });
  return { media: { from, folder, ...counts }, list: await measured(unfinished, listName(folder), signal) };
};

/** Takes each folder under a name of its own. */
const takeMedia = async (vault: Vault, unfinished: string, { platform, signal, progress }: WorkContext): Promise<readonly Taken[]> => {
  const all: Taken[] = [];
  for (const [index, from] of platform.media.entries()) {
    progress((0.7 * index) / platform.media.length, `${safe(from)} is ${vault.sealing ? 'sealed' : 'copied'}`);
    all.push(await (vault.sealing ? seal : copy)({ vault, unfinished, from, folder: `media-${index + 1}` }, signal));
  }
  return all;
};

const isSpent = (error: unknown): boolean => error instanceof WorkRefused || (error as NodeJS.ErrnoException).code === 'ENOSPC';

const writeBackup = async (vault: Vault, run: string, context: WorkContext): Promise<FilesManifest> => {
  const begun = Date.now();
  const { platform, migrations, signal } = context;
  const before = wholeOf(await lookAround(vault))[0];
  // Of what is sealed only what is new takes space, and room for it is asked for file by file
  await demandSpace(vault, vault.sealing ? 0 : (before?.octets ?? 0));
  const unfinished = await unfinishedFolder(vault, run);
  try {
    const taken = await takeMedia(vault, unfinished, context);
    const media = taken.map(one => one.media);
    // Of media only what changed was read: the hash of the rest is that of then, and verify-backup reads all
    const tar = await sealAll(vault, unfinished, await writeTar(unfinished, platform.files, signal), signal);
    const stored = [...taken.map(({ list }) => list), ...tar];
    const takenAt = new Date();
    const manifest: FilesManifest = {
      format: 1, kind: 'files', name: backupNameOf(takenAt, run), run, takenAt: takenAt.toISOString(), bursar: await versionOf(migrations), encrypted: vault.sealing !== undefined,
      files: stored, media, octets: [...stored, ...media].reduce((sum, { octets }) => sum + octets, 0), previousOctets: before?.octets ?? null,
      seconds: (Date.now() - begun) / 1_000,
    }; // prettier-ignore
    await giveName(vault, unfinished, manifest);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Whoever is out of space gets back what was taken; after an abort the next one goes on with what is there
    if (isSpent(error)) await collectObjects(vault, signal);
    throw error;
  }
};

/** Sealed files cross with the rest to the other disk; of objects only those that are not there yet. */
const mediaAway = async (
  manifest: FilesManifest,
  from: string,
  other: Vault,
  { vault, signal }: Pick<WorkContext, 'signal'> & { vault: Vault },
): Promise<void> => {
  for (const { folder, sealed } of manifest.media) {
    if (!sealed) throw new WorkRefused(`${manifest.name} is not encrypted and does not leave this host: take another one`);
    await copySealedMedia({ vault, place: from, folder, signal }, other);
  }
};

const mediaWords = ({ files, octets, linked, skipped, sealed }: MediaFolder): string =>
  [
    `${files} files, ${octets} octets, ${linked} unchanged, ${skipped} skipped`,
    ...(sealed ? [`${sealed.objects} new objects of ${sealed.octets} octets`] : []),
    ...(sealed && sealed.changing > 0 ? [`${sealed.changing} changed while they were read`] : []),
    ...(sealed && sealed.vanished > 0 ? [`${sealed.vanished} vanished meanwhile`] : []),
  ].join(', ');

const takeFiles = (run: string, context: WorkContext): Promise<object> =>
  alone(context, async () => {
    const { backup, platform, signal, progress } = context;
    if (platform.media.length + platform.files.length === 0)
      throw new WorkRefused('the profile names neither platform.media nor platform.files: there is nothing to back up');
    const vault = await openVault(context, 'files');
    const around = platform.media.find(folder => `${vault.folder}/`.startsWith(`${folder.replace(/\/+$/, '')}/`));
    if (around !== undefined)
      throw new WorkRefused(`the backups lie in ${safe(around)}, which would hold itself: name another backup.folder`);
    const taken = await takenBy(vault, run);
    const manifest = taken?.kind === 'files' ? taken : await writeBackup(vault, run, context);
    const copied = await copyAway(context, 'files', manifest, (from, other) => mediaAway(manifest, from, other, { vault, signal }));
    const keep = { days: backup.mediaDays, keepAtLeast: backup.keepAtLeast, now: new Date(manifest.takenAt) };
    const { expired, objects, unknown } = await expireFiles(vault, keep, signal);
    const there =
      backup.copyTo === undefined ? [] : (await expireFiles(await openVault(context, 'files', backup.copyTo), keep, signal)).expired;
    const gone = await goneFrom(vault, expired, there);
    if (unknown !== undefined) progress(1, `${unknown} does not tell what it needs: no object was removed`);
    progress(1, `${manifest.name} is whole`);
    const { files, media, ...rest } = manifest;
    const told = Object.fromEntries(media.map(one => [one.from, mediaWords(one)]));
    const place = path.join(vault.folder, manifest.name);
    return { ...rest, files: files.length, media: told, path: place, verified: true, copied, expired: gone, objectsRemoved: objects };
  });

export const backupFilesWork = defineWork({
  name: 'backup-files',
  summary: 'copies media, configuration and certificates as the profile of the platform names them',
  input: z.object({ run: RunName }),
  run: ({ run }, context) => takeFiles(run, context),
});
