import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { synchronize } from './files.ts';
import { writeWhole } from './whole-file.ts';

const checkedFile = 'checked';
const pinnedFile = 'pinned';

const Checked = z.strictObject({ at: z.iso.datetime(), fault: z.string().nullable() });

/** What was found out about a backup since it was written; its manifest never changes. */
export type Notes = { readonly pinned: boolean; readonly checkedAt: string | undefined; readonly corrupt: string | undefined };

const textOf = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off by a power failure: it was not checked
  }
};

export const readNotes = async (folder: string): Promise<Notes> => {
  const checked = Checked.safeParse(json((await textOf(path.join(folder, checkedFile))) ?? ''));
  return {
    pinned: (await textOf(path.join(folder, pinnedFile))) !== undefined,
    checkedAt: checked.data?.at,
    corrupt: checked.data?.fault ?? undefined,
  };
};

/** Notes that a backup was read whole, and what was wrong with it. */
export const noteCheck = (folder: string, at: Date, fault: string | null): Promise<void> =>
  writeWhole(path.join(folder, checkedFile), JSON.stringify({ at: at.toISOString(), fault } satisfies z.input<typeof Checked>));

/** A pinned backup stays until somebody unpins it. */
export const notePinned = async (folder: string, pinned: boolean): Promise<void> => {
  if (pinned) return writeWhole(path.join(folder, pinnedFile), '');
  await rm(path.join(folder, pinnedFile), { force: true });
  await synchronize(folder);
};
