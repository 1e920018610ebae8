import { access, rename } from 'node:fs/promises';
import path from 'node:path';
import { isServerOf, readPostmaster, stopPostmaster } from '../../database/local/postmaster.ts';
import { openSite } from '../../database/local/site.ts';
import { inTurn } from '../../database/local/turns.ts';
import { stampOf } from '../../domain/names-beside.ts';
import { synchronize } from '../files.ts';
import type { Journal } from './journal.ts';

/** In order where it can, at once where it cannot: what it has not written is lost either way. */
const endServer = async (dataDirectory: string): Promise<void> => {
  try {
    await stopPostmaster(dataDirectory);
  } catch (error) {
    const left = await readPostmaster(dataDirectory);
    if (!left || !(await isServerOf(left.pid, dataDirectory))) throw error;
    process.kill(left.pid, 'SIGKILL');
  }
};

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Puts the files of the dead server aside, whole and under another name, said before: no copy of them needs space or can fail half-way. */
export const keepFiles = async (home: string, journal: Journal): Promise<string> => {
  const site = await openSite(home);
  const kept = journal.state().known.safety ?? path.join(site.home, `data-dead-${stampOf(new Date())}`);
  await journal.note('safety backup', 'begun', { known: { safety: kept } });
  await inTurn(site.turnsDirectory, async () => {
    if (await exists(kept)) return;
    await endServer(site.dataDirectory);
    // Files that are gone altogether cannot be kept
    if (await exists(site.dataDirectory)) await rename(site.dataDirectory, kept);
    await synchronize(site.home);
  });
  await journal.note('safety backup', 'done');
  return kept;
};
