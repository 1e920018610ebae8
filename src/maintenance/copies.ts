import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { WorkContext } from './define-work.ts';
import { lookAt, type Vault, type VaultSort } from './vault.ts';

/** Where backups of a vault are copied to; undefined where nowhere. Nothing is made there: a disk that is away must be seen to be away. */
export const copyOf = (vault: Vault, sort: VaultSort, { backup }: Pick<WorkContext, 'backup'>): Vault | undefined =>
  backup.copyTo === undefined ? undefined : { ...vault, folder: path.join(backup.copyTo, sort) };

/** Whether anything of that name lies in a vault. */
export const liesIn = async ({ folder }: Vault, name: string): Promise<boolean> => {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.includes(name);
};

/** Whether a backup should lie in the other place: what is not encrypted never leaves the host. */
export const isCopied = async (here: Vault, copy: Vault, name: string): Promise<boolean> => {
  if (!(await liesIn(here, name)) || (await liesIn(copy, name))) return true;
  const { manifest } = await lookAt(here, name);
  return manifest?.encrypted === true;
};
