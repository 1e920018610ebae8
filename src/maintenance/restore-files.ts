import type { Stats } from 'node:fs';
import { lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Place } from '../domain/platform-upkeep.ts';
import { safe } from '../domain/safe-text.ts';
import { RunName } from './backup.ts';
import { withPlainFiles } from './check-backup.ts';
import { copyOf, readableIn } from './copies.ts';
import { defineWork, WorkAborted, WorkRefused, type WorkContext } from './define-work.ts';
import { synchronize } from './files.ts';
import type { FilesManifest } from './manifest.ts';
import { unpackMedia, type Unpacked } from './unpack-media.ts';
import { openPlatform, startService, stopPlatform, untilHealthy } from './restore/platform.ts';
import { demandRoom } from './room.ts';
import { runProgram } from './tools.ts';
import { alone, findBackup, openVault, type Vault } from './vault.ts';

/** `vault` is where it is read, the copy where it is here no more; what is opened of it lies `here`. */
type Whole = { readonly here: Vault; readonly vault: Vault; readonly manifest: FilesManifest; readonly place: string };

const wholeBackup = async (name: string, context: WorkContext): Promise<Whole> => {
  const here = await openVault(context, 'files');
  const vault = (await readableIn(here, copyOf(here, 'files', context), name)) ?? here;
  const { manifest, folder } = await findBackup(vault, name);
  if (manifest.kind !== 'files') throw new WorkRefused(`${name} is a backup of the database: bursar maintain restore-prepare`);
  return { here, vault, manifest, place: folder };
};

const statOf = (place: string): Promise<Stats | undefined> =>
  lstat(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

const isThere = async (place: string): Promise<boolean> => (await statOf(place)) !== undefined;

/** Throws WorkRefused where something else than a folder stands there. */
const isFolder = async (place: string): Promise<boolean> => {
  const found = await statOf(place);
  if (found && !found.isDirectory()) throw new WorkRefused(`${safe(place)} is no folder, or a link to one`);
  return found !== undefined;
};

/** The folders beside the one that is replaced, each named by the run: what a killed work left is found by its name, and by it what is left to do. */
const besides = (target: string, run: string) => ({
  /** Not whole yet. */
  filling: `${target}.filling-${run}`,
  /** Whole, read back and on the disk. */
  filled: `${target}.filled-${run}`,
  /** What stood there before. */
  before: `${target}.before-${run}`,
  /** What a service that runs on made anew between both renames. */
  meanwhile: `${target}.meanwhile-${run}`,
  /** A file: this run has stopped the service, and starts it again whoever is killed. */
  stopped: `${target}.stopped-${run}`,
});

const move = async (from: string, to: string): Promise<void> => {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    throw ['EBUSY', 'EXDEV'].includes(error.code ?? '')
      ? new WorkRefused(`${safe(from)} is mounted there and cannot be replaced by its name: restore with --into a new folder of it`)
      : error;
  });
  await synchronize(path.dirname(to));
};

/** Two renames, of which the first may have been done before a kill. */
const swap = async (target: string, { filled, before, meanwhile }: ReturnType<typeof besides>): Promise<void> => {
  if (await isFolder(before)) {
    if (await isFolder(target)) await move(target, meanwhile);
  } else {
    if (!(await isFolder(target))) await mkdir(target, { mode: 0o700 });
    await move(target, before);
  }
  await move(filled, target);
};

/** Asked before anything is filled. */
const demandService = ({ platform: { service, maintenanceFile } }: WorkContext): void => {
  if (service === undefined && maintenanceFile === undefined)
    throw new WorkRefused('there is nothing to stop: config.json of this host names neither platform.service nor platform.maintenanceFile');
};

/** Closes the platform and stops its service; written down before, so that whoever goes on knows that it is to be started. */
const stopService = async (stopped: string, context: WorkContext): Promise<void> => {
  context.progress(0.96, 'maintenance mode on, the service is stopped');
  await writeFile(stopped, '');
  await synchronize(path.dirname(stopped));
  await stopPlatform(context, 'restore of files');
};

/** Starts what this run stopped; nothing where it stopped nothing. What is not well stays closed. */
const startAgain = async (stopped: string, context: WorkContext): Promise<void> => {
  if (!(await isThere(stopped))) return;
  context.progress(0.97, 'the service starts');
  await startService(context);
  const wrong = await untilHealthy(context);
  // whoever is killed before the mark is gone is begun again, and opens it then
  if (wrong === undefined) await openPlatform(context);
  await rm(stopped);
  if (wrong !== undefined)
    throw new WorkRefused(
      `the files are in place and the service is started, but the platform is not well (${wrong}): maintenance mode stays on`,
    );
};

const mediaOf = ({ manifest }: Whole, folder: string) => {
  const media = manifest.media.find(({ from }) => from === folder);
  if (!media)
    throw new WorkRefused(
      `${manifest.name} holds no ${safe(folder)}, but ${manifest.media.map(({ from }) => safe(from)).join(', ') || 'no folder'}`,
    );
  return media;
};

const mediaInto = async (
  whole: Whole,
  folder: string,
  to: string,
  { only, signal, progress }: Pick<WorkContext, 'signal' | 'progress'> & { only?: string | undefined },
): Promise<Unpacked> => {
  const media = mediaOf(whole, folder);
  if (only === undefined) await demandRoom({ folder: path.dirname(to) }, media.octets);
  return unpackMedia({ ...whole, media, to, like: folder, only, signal, progress });
};

type Replacing = { readonly name: string; readonly folder: string; readonly run: string; readonly stops: boolean };

/** Puts a folder of media back as it was: filled beside what stands there now, read back, and put in its place; what stood there stays under another name. */
const replace = async ({ name, folder, run, stops }: Replacing, context: WorkContext): Promise<object> => {
  if (!context.platform.media.includes(folder))
    throw new WorkRefused(`${safe(folder)} is none of platform.media in config.json of this host: it is replaced by nobody`);
  if (stops) demandService(context);
  const whole = await wholeBackup(name, context);
  mediaOf(whole, folder);
  await isFolder(folder); // a link in its place is no folder to be replaced
  const places = besides(folder, run);
  const told = { name, folder, before: places.before };
  // The last rename was done before a kill
  if ((await isFolder(places.before)) && !(await isFolder(places.filled)) && (await isFolder(folder))) {
    await startAgain(places.stopped, context);
    return { ...told, restored: true };
  }
  if (!(await isFolder(places.filled))) {
    await rm(places.filling, { recursive: true, force: true });
    const counts = await mediaInto(whole, folder, places.filling, context);
    context.progress(0.95, `${counts.files} files of ${counts.octets} octets were written and read back`);
    await move(places.filling, places.filled);
  }
  // from here on it takes a moment, and goes on to its end
  try {
    if (stops) await stopService(places.stopped, context);
    await swap(folder, places);
  } finally {
    await startAgain(places.stopped, context);
  }
  context.progress(1, `${safe(folder)} is as ${name} has it; what stood there is ${safe(places.before)}`);
  return { ...told, restored: true };
};

/** Configuration and certificates: never over those that are there. */
const configurationInto = async ({ here, manifest, place }: Whole, into: string, { signal, progress }: WorkContext): Promise<Unpacked> => {
  const tar = manifest.files.find(({ name }) => name === 'files.tar');
  if (!tar) throw new WorkRefused(`${manifest.name} holds no configuration`);
  await mkdir(into, { mode: 0o700 });
  const own = { ...manifest, files: [tar], media: [] };
  await withPlainFiles({ vault: here, manifest: own, folder: place, signal, progress }, folder =>
    runProgram('tar', ['--extract', `--file=${path.join(folder, tar.name)}`, `--directory=${into}`, '--keep-old-files'], { signal }),
  );
  return { files: 1, octets: tar.plain?.octets ?? tar.octets };
};

type Wish = {
  readonly name: string;
  readonly run: string;
  readonly folder: string | undefined;
  readonly into: string;
  readonly only: string | undefined;
};

/** Puts files into a new folder, which is there only once it is whole, and replaces nothing. */
const takeOut = async ({ name, run, folder, into, only }: Wish, context: WorkContext): Promise<object> => {
  const whole = await wholeBackup(name, context);
  if (await isFolder(into)) throw new WorkRefused(`${safe(into)} is there: name a folder that is not`);
  const { filling } = besides(into, run);
  await rm(filling, { recursive: true, force: true });
  try {
    const counts = await (folder === undefined
      ? configurationInto(whole, filling, context)
      : mediaInto(whole, folder, filling, { ...context, only }));
    if (counts.files === 0) throw new WorkRefused(`${name} holds nothing of that name`);
    await move(filling, into);
    return { name, into, ...counts, restored: true };
  } catch (error) {
    await rm(filling, { recursive: true, force: true });
    throw error;
  }
};

/** Asked to end before the folder is whole, it takes away what it filled. */
const orUndo = async <T>(filling: string, { signal }: WorkContext, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted || error instanceof WorkRefused) throw error;
    await rm(filling, { recursive: true, force: true });
    throw new WorkAborted('aborted: nothing was put in its place');
  }
};

export const restoreFilesWork = defineWork({
  name: 'restore-files',
  summary: 'puts a folder of media back as a backup has it, or takes files out into a new folder',
  input: z.object({
    name: z
      .string()
      .regex(/^\d{8}T\d{6}Z-[a-z0-9][a-z0-9-]{0,79}$/, 'is the name of a backup')
      .meta({ title: 'Name of the backup' }),
    run: RunName,
    folder: Place.optional().meta({ title: 'Folder of media; without it: configuration and certificates, with --into' }),
    into: Place.optional().meta({ title: 'A new folder, instead of the place that it had' }),
    only: z.string().min(1).max(4_000).optional().meta({ title: 'One file or folder of it, with --into' }),
    stop: z.enum(['yes', 'no']).default('no').meta({ title: 'Stop the service while the folder changes' }),
  }),
  endsItself: true,
  run: ({ name, run, folder, into, only, stop: stops }, context) =>
    alone(context, () => {
      if (into !== undefined) return orUndo(besides(into, run).filling, context, () => takeOut({ name, run, folder, into, only }, context));
      if (folder === undefined || only !== undefined)
        throw new WorkRefused('in its place only a whole folder of media is put back: name a new folder with --into for anything else');
      return orUndo(besides(folder, run).filling, context, () => replace({ name, folder, run, stops: stops === 'yes' }, context));
    }),
});
