import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { checkBackup } from './check-backup.ts';
import { defineWork, WorkRefused, type WorkContext } from './define-work.ts';
import { noteCheck, notePinned } from './vault-notes.ts';
import { copyOf, isCopied, liesIn } from './copies.ts';
import { alone, findBackup, lookAround, lookAt, openVault, rootOf, type Lying, type Vault, type VaultSort } from './vault.ts';

const BackupName = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[a-z0-9][a-z0-9-]{0,79}$/, 'is the name of a backup')
  .meta({ title: 'Name of the backup' });

const sorts: readonly VaultSort[] = ['database', 'files'];

/** The vault in which a backup of that name lies. */
const vaultWith = async (name: string, context: WorkContext): Promise<Vault> => {
  for (const sort of sorts) {
    const vault = await openVault(context, sort);
    if ((await readdir(vault.folder)).includes(name)) return vault;
  }
  throw new WorkRefused(`there is no backup ${name} in ${rootOf(context)}: look with bursar maintain list-backups`);
};

/** What came of one of the places where a backup should lie. */
type Found = { readonly status: 'verified' | 'corrupt' | 'missing'; readonly fault: string | null };

const missing: Found = { status: 'missing', fault: 'it is not there' };

/** Reads what lies in one place whole and notes there what came of it. */
const readIn = async (vault: Vault, name: string, context: WorkContext): Promise<Found> => {
  if (!(await liesIn(vault, name))) return missing;
  const at = new Date();
  try {
    const { manifest, folder } = await findBackup(vault, name);
    await checkBackup({ vault, manifest, folder, signal: context.signal, progress: context.progress }, context.backup.postgresTools);
    await noteCheck(folder, at, null);
    return { status: 'verified', fault: null };
  } catch (error) {
    if (!(error instanceof WorkRefused)) throw error;
    await noteCheck(path.join(vault.folder, name), at, error.message);
    return { status: 'corrupt', fault: error.message };
  }
};

/** The vaults of a backup, here and where it was copied to, wherever of both it lies. */
const placesOf = async (name: string, context: WorkContext): Promise<{ readonly here: Vault; readonly copy: Vault | undefined }> => {
  for (const sort of sorts) {
    const here = await openVault(context, sort);
    const copy = copyOf(here, sort, context);
    if ((await liesIn(here, name)) || (copy && (await liesIn(copy, name)))) return { here, copy };
  }
  throw new WorkRefused(`there is no backup ${name} in ${rootOf(context)}: look with bursar maintain list-backups`);
};

const badWords = (name: string, here: Found, copy: Found | null): string => {
  if (here.status === 'verified') return `${name} is what was written, but its copy is ${copy?.status}: ${copy?.fault}`;
  const other = copy === null ? '' : copy.status === 'verified' ? '; its copy is whole' : `; its copy is ${copy.status} too: ${copy.fault}`;
  return here.status === 'missing' ? `${name} is not on this host any more${other}` : `${name} is corrupt: ${here.fault}${other}`;
};

/** Reads one backup whole, here and where it was copied to, and notes what came of both. One that is not what was written is told, and counts as none from then on. */
const verify = async (name: string, context: WorkContext): Promise<object> => {
  const places = await placesOf(name, context);
  const share = (from: number, words: string): WorkContext => ({
    ...context,
    progress: (done, said) => context.progress(from + (places.copy ? 0.5 : 1) * done, `${words}${said}`),
  });
  const here = await readIn(places.here, name, share(0, ''));
  const copy =
    places.copy && (await isCopied(places.here, places.copy, name)) ? await readIn(places.copy, name, share(0.5, 'copy: ')) : null;
  const result = { name, verified: here.status === 'verified', fault: here.fault, copy };
  if (here.status !== 'verified' || (copy !== null && copy.status !== 'verified'))
    throw new WorkRefused(badWords(name, here, copy), result);
  context.progress(
    1,
    copy === null ? `${name} is what was written` : `${name} is what was written, and so is its copy in ${context.backup.copyTo}`,
  );
  return result;
};

export const verifyBackup = defineWork({
  name: 'verify-backup',
  summary: 'reads a backup whole, and its copy where there is a place for copies: signature, hashes, what is inside',
  input: z.object({ name: BackupName }),
  run: ({ name }, context) => alone(context, () => verify(name, context)),
});

const toldOf = (sort: VaultSort, lying: Lying, copy: string | null) => {
  if (!lying.manifest) return { sort, name: lying.name, status: 'foreign', why: lying.why };
  const { manifest, notes, why } = lying;
  const { kind, takenAt, octets, encrypted } = manifest;
  return {
    sort,
    name: lying.name,
    status: why === undefined ? 'verified' : 'corrupt',
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

/** How the copy of a backup looks from outside; null where there should be none. */
const lookAtCopy = async (vault: Vault, name: string, context: WorkContext): Promise<Found['status'] | null> => {
  const copy = copyOf(vault, path.basename(vault.folder) as VaultSort, context);
  if (!copy || !(await isCopied(vault, copy, name))) return null;
  if (!(await liesIn(copy, name))) return 'missing';
  return (await lookAt(copy, name)).why === undefined ? 'verified' : 'corrupt';
};

/** What really lies on the host, found by name; at most as many as a log can hold. */
const mostListed = 40;

export const listBackups = defineWork({
  name: 'list-backups',
  summary: 'says which backups lie on this host, and how they look from outside',
  input: z.object({}),
  run: async (_input, context) => {
    const found: ReturnType<typeof toldOf>[] = [];
    for (const sort of sorts) {
      const vault = await openVault(context, sort);
      for (const lying of await lookAround(vault)) found.push(toldOf(sort, lying, await lookAtCopy(vault, lying.name, context)));
    }
    for (const { sort, name, status } of found) context.progress(1, `${sort} ${name} ${status}`);
    return {
      folder: rootOf(context),
      count: found.length,
      names: {
        database: found.filter(({ sort }) => sort === 'database').map(({ name }) => name),
        files: found.filter(({ sort }) => sort === 'files').map(({ name }) => name),
      },
      backups: found.slice(0, mostListed),
    };
  },
});

const pin = (name: string, pinned: boolean, context: WorkContext): Promise<object> =>
  alone(context, async () => {
    const vault = await vaultWith(name, context);
    const { folder } = await findBackup(vault, name);
    await notePinned(folder, pinned);
    const { copyTo } = context.backup;
    if (copyTo !== undefined) {
      const other = path.join((await openVault(context, path.basename(vault.folder) as VaultSort, copyTo)).folder, name);
      await notePinned(other, pinned).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    return { name, pinned };
  });

export const pinBackup = defineWork({
  name: 'pin-backup',
  summary: 'keeps a backup however old it becomes',
  input: z.object({ name: BackupName }),
  run: ({ name }, context) => pin(name, true, context),
});

export const unpinBackup = defineWork({
  name: 'unpin-backup',
  summary: 'lets a backup expire like others',
  input: z.object({ name: BackupName }),
  run: ({ name }, context) => pin(name, false, context),
});
