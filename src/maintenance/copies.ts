import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { BackupSort } from '../domain/backup.ts';
import type { WorkContext } from './define-work.ts';
import { lookAt, type Vault } from './vault.ts';

/** Where backups of a vault are copied to; undefined where nowhere. Nothing is made there: a disk that is away must be seen to be away. */
export const copyOf = (vault: Vault, sort: BackupSort, { backup }: Pick<WorkContext, 'backup'>): Vault | undefined =>
  backup.copyTo === undefined ? undefined : { ...vault, folder: path.join(backup.copyTo, sort) };

/** Whether anything of that name lies in a vault. */
export const liesIn = async ({ folder }: Vault, name: string): Promise<boolean> => {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.includes(name);
};

/** The place from which a backup is read: here, or where it was copied to if it is here no more or is damaged as far as can be seen; undefined where it is in neither. */
export const readableIn = async (here: Vault, copy: Vault | undefined, name: string): Promise<Vault | undefined> => {
  const places: Vault[] = [];
  for (const place of copy ? [here, copy] : [here]) if (await liesIn(place, name)) places.push(place);
  for (const place of places) if ((await lookAt(place, name)).why === undefined) return place;
  return places[0];
};

/** What is said of a backup that is whole in its other place alone; `fault` is what is wrong with the one here. */
export const onlyCopyWords = (fault: string | null | undefined, { folder }: Vault): string =>
  `${fault ?? 'it is not on this host any more'}; its copy in ${folder} is whole`;

/** What expired in both places, or in the one where it still was. */
export const goneFrom = async (here: Vault, expired: readonly string[], expiredCopies: readonly string[]): Promise<readonly string[]> => {
  const left: string[] = [];
  for (const name of expiredCopies) if (!expired.includes(name) && !(await liesIn(here, name))) left.push(name);
  return [...expired, ...left];
};

/** Whether a backup should lie in the other place: what is not encrypted never leaves the host. */
export const isCopied = async (here: Vault, copy: Vault, name: string): Promise<boolean> => {
  if (!(await liesIn(here, name)) || (await liesIn(copy, name))) return true;
  const { manifest } = await lookAt(here, name);
  return manifest?.encrypted === true;
};
