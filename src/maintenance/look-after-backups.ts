import path from 'node:path';
import { z } from 'zod';
import { BackupName, backupSorts } from '../domain/backup.ts';
import { checkBackup } from './check-backup.ts';
import { defineWork, WorkRefused, type WorkContext } from './define-work.ts';
import { noteCheck, notePinned } from './vault-notes.ts';
import { copyOf, isCopied, liesIn, onlyCopyWords } from './copies.ts';
import { alone, findBackup, openVault, rootOf, type Vault } from './vault.ts';

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
  for (const sort of backupSorts) {
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
  const isOnlyCopy = here.status !== 'verified' && copy?.status === 'verified' && places.copy !== undefined;
  const fault = isOnlyCopy ? onlyCopyWords(here.status === 'missing' ? undefined : here.fault, places.copy) : here.fault;
  const result = { name, verified: here.status === 'verified', fault, copy };
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

/** Noted wherever it lies: one of which only the copy is left is kept there. */
const pin = (name: string, pinned: boolean, context: WorkContext): Promise<object> =>
  alone(context, async () => {
    const { here, copy } = await placesOf(name, context);
    for (const vault of copy ? [here, copy] : [here])
      if (await liesIn(vault, name)) await notePinned((await findBackup(vault, name)).folder, pinned);
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
