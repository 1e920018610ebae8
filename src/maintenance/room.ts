import { WorkRefused } from './define-work.ts';
import { freeSpace, type Vault } from './vault.ts';

const leastShare = 0.1;
const growth = 1.2;

export const megabytes = (octets: number): string => `${Math.ceil(octets / 1_000_000).toLocaleString('en')} MB`;

/** Refuses to begin what would fill the disk. */
export const demandRoom = async ({ folder }: Pick<Vault, 'folder'>, expected: number): Promise<void> => {
  const { octets, share } = await freeSpace(folder);
  const wanted = Math.ceil(expected * growth);
  if (octets < wanted)
    throw new WorkRefused(
      `${folder} has ${megabytes(octets)} free and a backup needs ${megabytes(wanted)}: make space, nothing was removed`,
    );
  if (share < leastShare)
    throw new WorkRefused(
      `${folder} has ${(share * 100).toFixed(1)} % free and a backup begins with 10 % at least: make space, nothing was removed`,
    );
};
