import type { Direct } from '../../database/direct.ts';
import { stampOf, stemOf } from '../../domain/names-beside.ts';
import { WorkAborted, WorkRefused, type WorkContext } from '../define-work.ts';
import { admit, databaseOf, dropDatabase, endSessions, isThere } from './databases.ts';
import { openJournal, type Journal, type Known, type RestoreState } from './journal.ts';
import { openPlatform, startService } from './platform.ts';
import { isSwapped, type Names } from './switch-over.ts';

/** One restore under way on this host. */
export type Restoring = {
  readonly journal: Journal;
  readonly names: Names;
  /** A connection to the server beside the databases, which holds the lock of restores. */
  readonly server: Direct;
  /** The owner's login. */
  readonly url: string;
  readonly context: WorkContext;
};

/** What a step needs that an earlier one found out. */
export const known = <Key extends keyof Known>({ journal }: Pick<Restoring, 'journal'>, key: Key): Known[Key] => {
  const value = journal.state().known[key];
  if (value === undefined) throw new WorkRefused(`this restore has not come so far: its journal says nothing of the ${key}`);
  return value;
};

export const namesIn = ({ known: { database, scratch, old } }: RestoreState): Names => {
  if (database === undefined || scratch === undefined || old === undefined) throw new WorkRefused('this restore was never begun here');
  return { database, scratch, old };
};

export const namesFor = (database: string, run: string, now: Date): Names => {
  const stem = stemOf(database);
  return {
    database,
    scratch: `${stem}_restore_${run.replaceAll('-', '').slice(0, 8).toLowerCase()}`,
    old: `${stem}_old_${stampOf(now)}`,
  };
};

/** What a person types on the host to go on with a restore that stopped half-way. */
export const resumeCommand = ({ journal }: Pick<Restoring, 'journal'>): string =>
  journal.state().run.startsWith('offline-')
    ? 'bursar maintain restore-offline'
    : `bursar maintain restore-resume --run ${journal.state().run}`;

/** Whether the restored database stands in the place of the live one. */
export const hasSwapped = async ({ journal, server, names }: Restoring): Promise<boolean> =>
  journal.state().begun.has('swap') && (await isThere(server, names.old)) && isSwapped(server, names);

/** What was filled is of no use any more: dropped, unless it is a replaced database, which is closed again. */
export const clearScratch = async ({ journal, server, names }: Restoring): Promise<void> => {
  if (journal.state().known.kept !== true) await dropDatabase(server, names.scratch);
  else if (await isThere(server, names.scratch)) await admit(server, names.scratch, false);
};

/** As if there had been no restore: everybody is let in, the service runs, the scratch database is gone. */
export const rollBack = async (restoring: Restoring, why: string): Promise<void> => {
  const { journal, server, names, context } = restoring;
  const { begun } = journal.state();
  if (await hasSwapped(restoring))
    throw new WorkRefused(`the restored database is in place already (${why}), and is gone on with: ${resumeCommand(restoring)}`);
  if (begun.has('swap') && (await isThere(server, names.database))) await admit(server, names.database, true);
  if (begun.has('stop')) {
    await startService(context).catch((error: Error) => {
      throw new WorkRefused(
        `${error.message}. ${names.database} is as it was, the service stands still and maintenance mode is on (${why}); once that is mended: ${resumeCommand(restoring)}`,
      );
    });
    await openPlatform(context);
  }
  await clearScratch(restoring);
  await journal.note('finish', 'rolled back', { words: why });
};

const undoneWords = 'aborted: the live database is as it was, the scratch one is dropped';

/** What goes wrong before the swap leaves the live database as it was, and no other. Asked to end it is undone as well, and says so. */
export const orRollBack = async <T>(restoring: Restoring, work: () => Promise<T>): Promise<T> => {
  const { signal } = restoring.context;
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    await rollBack(restoring, signal.aborted ? 'it was aborted' : (error as Error).message);
    throw signal.aborted ? new WorkAborted(undoneWords) : error;
  }
};

/** As `orRollBack` for what works on the scratch database alone: a statement that takes an hour there ends at once where the work is to end. */
export const orRollBackAtOnce = <T>(restoring: Restoring, work: () => Promise<T>): Promise<T> =>
  orRollBack(restoring, async () => {
    const { server, names, context } = restoring;
    // what goes wrong here goes wrong once more where the database is dropped, and is told there
    const end = (): void => void endSessions(server, names.scratch).catch(() => undefined);
    context.signal.addEventListener('abort', end, { once: true });
    try {
      return await work();
    } finally {
      context.signal.removeEventListener('abort', end);
    }
  });

/** Goes on with a restore of this host. Throws WorkRefused where it was never begun. */
export const reopen = async (context: WorkContext, run: string, server: Direct, url: string): Promise<Restoring> => {
  const journal = await openJournal(context.home, run);
  return { journal, names: namesIn(journal.state()), server, url, context };
};

/** Whether two addresses name one database of one server is asked of the typed name alone: a restore knows one server. */
export const demandDatabase = (url: string, typed: string): void => {
  const name = databaseOf(url);
  if (name !== typed) throw new WorkRefused(`this host's bursar works on the database ${name}, not on ${typed}: nothing was done`);
};
