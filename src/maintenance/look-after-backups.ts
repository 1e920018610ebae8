import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { checkBackup } from './check-backup.ts';
import { defineWork, WorkRefused, type WorkContext } from './define-work.ts';
import { noteCheck, notePinned } from './vault-notes.ts';
import { alone, findBackup, lookAround, openVault, rootOf, type Lying, type Vault, type VaultSort } from './vault.ts';

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

/** Reads one backup whole and notes what came of it. One that is not what was written is told, and counts as none from then on. */
const verify = async (name: string, context: WorkContext): Promise<object> => {
  const vault = await vaultWith(name, context);
  const at = new Date();
  try {
    const { manifest, folder } = await findBackup(vault, name);
    await checkBackup({ vault, manifest, folder, signal: context.signal, progress: context.progress }, context.backup.postgresTools);
    await noteCheck(folder, at, null);
    context.progress(1, `${name} is what was written`);
    return { name, verified: true, fault: null };
  } catch (error) {
    if (!(error instanceof WorkRefused)) throw error;
    await noteCheck(path.join(vault.folder, name), at, error.message);
    throw new WorkRefused(`${name} is corrupt: ${error.message}`, { name, verified: false, fault: error.message });
  }
};

export const verifyBackup = defineWork({
  name: 'verify-backup',
  summary: 'reads a backup whole: signature, hashes, what is inside',
  input: z.object({ name: BackupName }),
  run: ({ name }, context) => alone(context, () => verify(name, context)),
});

const toldOf = (sort: VaultSort, lying: Lying) => {
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
    ...(why === undefined ? {} : { why }),
  };
};

/** What really lies on the host, found by name; at most as many as a log can hold. */
const mostListed = 40;

export const listBackups = defineWork({
  name: 'list-backups',
  summary: 'says which backups lie on this host, and how they look from outside',
  input: z.object({}),
  run: async (_input, context) => {
    const found: ReturnType<typeof toldOf>[] = [];
    for (const sort of sorts) found.push(...(await lookAround(await openVault(context, sort))).map(lying => toldOf(sort, lying)));
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
