import { WorkRefused } from './define-work.ts';
import { freeSpace, type Vault } from './vault.ts';

const leastShare = 0.1;
const growth = 1.2;

/** Refuses to begin what would fill the disk. */
export const demandRoom = async ({ folder }: Pick<Vault, 'folder'>, expected: number): Promise<void> => {
  const { octets, share } = await freeSpace(folder);
  const wanted = Math.ceil(expected * growth);
  const megabytes = (count: number): string => `${Math.ceil(count / 1_000_000).toLocaleString('en')} MB`;
  if (octets < wanted)
    throw new WorkRefused(
      `${folder} has ${megabytes(octets)} free and a backup needs ${megabytes(wanted)}: make space, nothing was removed`,
    );
  if (share < leastShare)
    throw new WorkRefused(
      `${folder} has ${(share * 100).toFixed(1)} % free and a backup begins with 10 % at least: make space, nothing was removed`,
    );
};
