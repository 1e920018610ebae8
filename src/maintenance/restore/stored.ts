import { existsSync } from 'node:fs';
import { readMigrations } from '../../database/migration-files.ts';
import { takeBackup, type BackupResult } from '../backup.ts';
import { checkHashes, withPlainFiles } from '../check-backup.ts';
import { copyOf, readableIn } from '../copies.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import type { Manifest } from '../manifest.ts';
import { alone, findBackup, openVault, rootOf, lookAround, type Vault } from '../vault.ts';

/** Longer than any backup is kept, in days: what is to be restored must not expire because a safety backup was taken. */
const forever = 3_650;

const findDatabaseBackup = async (context: WorkContext, name: string) => {
  const vault = await openVault(context, 'database');
  const place = await readableIn(vault, copyOf(vault, 'database', context), name); // what is opened of it always lies here
  if (!place) throw new WorkRefused(`there is no backup ${name} in ${rootOf(context)}: bursar maintain list-backups says which lie there`);
  const { manifest, folder, notes } = await findBackup(place, name);
  if (manifest.kind === 'files') throw new WorkRefused(`${name} holds files and no database`);
  if (notes.corrupt !== undefined) throw new WorkRefused(`${name} is corrupt: ${notes.corrupt}`);
  // What this program does not know it could neither check nor carry forward
  if (!(await readMigrations(context.migrations)).some(migration => migration.name === manifest.migration))
    throw new WorkRefused(`${name} was taken after ${manifest.migration}, which this Bursar does not know: update it; nothing was begun`);
  return { vault, folder, manifest };
};

/** The newest backup of the database that is whole as far as can be seen; where none is here any more, the newest copy. */
export const newestBackup = async (context: WorkContext): Promise<string> => {
  const vault = await openVault(context, 'database');
  const copy = copyOf(vault, 'database', context);
  const newestIn = async (place: Vault) =>
    (await lookAround(place)).find(({ manifest, why }) => manifest !== undefined && why === undefined);
  const found = (await newestIn(vault)) ?? (copy && existsSync(copy.folder) ? await newestIn(copy) : undefined);
  if (!found) throw new WorkRefused(`there is no whole backup of the database in ${rootOf(context)}`);
  return found.name;
};

/** Reads a backup from its first octet to its last and holds it against its signed manifest. */
export const checkBackup = async (context: WorkContext, name: string): Promise<Manifest> => {
  const { folder, manifest } = await findDatabaseBackup(context, name);
  await checkHashes({ folder, manifest, signal: context.signal, progress: () => undefined });
  return manifest;
};

/** Backs the live database up as it is now; nothing expires for it. Repeated under one run it gives the one that was taken. */
export const newSafetyBackup = (context: WorkContext, run: string): Promise<BackupResult> =>
  takeBackup(`safety-${run}`, {
    ...context,
    backup: { ...context.backup, databaseDays: forever },
    progress: (fraction, words) => context.progress(0.3 + 0.7 * fraction, words),
  });

/** Gives the files of a backup as they were before they were sealed. No backup is taken or removed meanwhile. */
export const withBackup = <T>(context: WorkContext, name: string, work: (manifest: Manifest, folder: string) => Promise<T>): Promise<T> =>
  alone(context, async () => {
    const { vault, folder, manifest } = await findDatabaseBackup(context, name);
    return withPlainFiles({ vault, manifest, folder, signal: context.signal, progress: () => undefined }, plain => work(manifest, plain));
  });
