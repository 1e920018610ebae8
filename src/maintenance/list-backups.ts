import { existsSync } from 'node:fs';
import { z } from 'zod';
import { backupSorts, type BackupSort } from '../domain/backup.ts';
import { copyOf, isCopied, liesIn, onlyCopyWords } from './copies.ts';
import { defineWork, type WorkContext } from './define-work.ts';
import { expiredOf, lookAround, lookAt, openVault, rootOf, type Lying, type Vault } from './vault.ts';

type Place = 'verified' | 'corrupt' | 'missing';

const toldOf = (sort: BackupSort, lying: Lying, status: Place, copy: Place | null, why: string | undefined) => {
  if (!lying.manifest) return { sort, name: lying.name, status: 'foreign', copy, why: lying.why };
  const { manifest, notes } = lying;
  const { kind, takenAt, octets, encrypted } = manifest;
  return {
    sort,
    name: lying.name,
    status,
    kind,
    takenAt,
    octets,
    encrypted,
    pinned: notes.pinned,
    checkedAt: notes.checkedAt ?? null,
    copy,
    ...(why === undefined ? {} : { why }),
  };
};
type Told = ReturnType<typeof toldOf>;

/** How the copy of a backup looks from outside; null where there should be none. */
const lookAtCopy = async (here: Vault, copy: Vault | undefined, name: string): Promise<Place | null> => {
  if (!copy || !(await isCopied(here, copy, name))) return null;
  if (!(await liesIn(copy, name))) return 'missing';
  return (await lookAt(copy, name)).why === undefined ? 'verified' : 'corrupt';
};

const listedHere = async (sort: BackupSort, vault: Vault, lying: Lying, copy: Vault | undefined): Promise<Told> => {
  const status = await lookAtCopy(vault, copy, lying.name);
  const isOnlyCopy = copy !== undefined && lying.why !== undefined && status === 'verified';
  return toldOf(
    sort,
    lying,
    lying.why === undefined ? 'verified' : 'corrupt',
    status,
    isOnlyCopy ? onlyCopyWords(lying.why, copy) : lying.why,
  );
};

/** Copies of what is here no more and would not have had to go: a host that lost its disk has them still. Those that are older are left to go. */
const lostHere = async (sort: BackupSort, lying: readonly Lying[], copy: Vault, { backup }: WorkContext): Promise<readonly Told[]> => {
  const names = new Set(lying.map(({ name }) => name));
  const lost = (await lookAround(copy)).filter(({ name, manifest }) => manifest !== undefined && !names.has(name));
  const days = sort === 'database' ? backup.databaseDays : backup.mediaDays;
  const all = [...lying, ...lost].toSorted((one, other) => (one.name < other.name ? 1 : -1));
  const old = new Set(expiredOf(all, { days, keepAtLeast: backup.keepAtLeast, now: new Date() }));
  return lost
    .filter(({ name }) => !old.has(name))
    .map(one =>
      one.why === undefined
        ? toldOf(sort, one, 'missing', 'verified', onlyCopyWords(undefined, copy))
        : toldOf(sort, one, 'missing', 'corrupt', `it is not on this host any more, and of its copy in ${copy.folder} ${one.why}`),
    );
};

const isWell = ({ status, copy }: Told): boolean => status === 'verified' && (copy === null || copy === 'verified');

/** What really lies on the host, found by name; at most as many as a log can hold, first those with which something is wrong. */
const mostListed = 40;

export const listBackups = defineWork({
  name: 'list-backups',
  summary: 'says which backups lie on this host, or only where they were copied to, and how they look from outside',
  input: z.object({}),
  run: async (_input, context) => {
    const found: Told[] = [];
    const copies: Partial<Record<BackupSort, 'there' | 'away'>> = {};
    for (const sort of backupSorts) {
      const vault = await openVault(context, sort);
      const copy = copyOf(vault, sort, context);
      const lying = await lookAround(vault);
      for (const one of lying) found.push(await listedHere(sort, vault, one, copy));
      if (!copy) continue;
      copies[sort] = existsSync(copy.folder) ? 'there' : 'away';
      if (copies[sort] === 'there') found.push(...(await lostHere(sort, lying, copy, context)));
    }
    for (const { sort, name, status, copy } of found)
      context.progress(1, `${sort} ${name} ${status}${status !== 'verified' && copy === 'verified' ? ', its copy is whole' : ''}`);
    return {
      folder: rootOf(context),
      count: found.length,
      copies,
      names: Object.fromEntries(backupSorts.map(sort => [sort, found.filter(one => one.sort === sort).map(({ name }) => name)])),
      backups: found.toSorted((one, other) => Number(isWell(one)) - Number(isWell(other))).slice(0, mostListed),
    };
  },
});
