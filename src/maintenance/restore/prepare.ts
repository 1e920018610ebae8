import { WorkRefused, type WorkContext } from '../define-work.ts';
import { alone, databaseOf } from './databases.ts';
import { openJournal, restoresOf } from './journal.ts';
import { checkBackup, newSafetyBackup } from './stored.ts';
import { demandDatabase, namesFor, orRollBack, reopen, resumeCommand, rollBack, type Restoring } from './restoring.ts';
import { demandDisks } from './space.ts';

/** A restore that said nothing for so long has ended, in milliseconds. */
const silence = 120_000;
/** What the safety backup takes of the disk of the backups, in databases. */
const safetyFactor = 1;

export type PrepareWishes = { readonly run: string; readonly backup: string; readonly database: string };

/** One restore at a time: what another one left behind is undone, unless it may still be at it or has come too far. */
const clearLeftovers = async (restoring: Restoring): Promise<void> => {
  const { context, server, url, journal } = restoring;
  for (const other of await restoresOf(context.home)) {
    if (other.end !== undefined || other.run === journal.state().run) continue;
    if (Date.now() - other.lastAt.getTime() < silence)
      throw new WorkRefused(`restore ${other.run} is under way on this host: wait until it has ended`);
    const left = await reopen(context, other.run, server, url);
    if (left.journal.state().begun.has('swap')) throw new WorkRefused(`restore ${other.run} stopped half-way: ${resumeCommand(left)}`);
    await rollBack(left, 'another restore began');
  }
};

/** Steps 1 to 3: locks, takes a safety backup, looks whether there is space and the backup is what its manifest says. */
export const prepare = async ({ run, backup, database }: PrepareWishes, context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  demandDatabase(url, database);
  return alone(url, async server => {
    const journal = await openJournal(context.home, run);
    const names = journal.state().known.database === undefined ? namesFor(databaseOf(url), run, new Date()) : undefined;
    if (journal.state().end !== undefined) throw new WorkRefused('this restore has ended already: begin a new one');
    if (names) {
      await clearLeftovers({ journal, names, server, url, context });
      await journal.note('lock', 'begun', { known: { backup, ...names } });
    }
    const restoring = await reopen(context, run, server, url);
    return orRollBack(restoring, async () => {
      await journal.note('space and manifest', 'begun');
      const space = await demandDisks('the restore', safetyFactor, restoring);
      context.progress(0.05, `${backup} is read whole and held against its manifest`);
      const { takenAt } = await checkBackup(context, backup);
      await journal.note('space and manifest', 'done');
      const isTaken = journal.state().done.has('safety backup');
      if (!isTaken) await journal.note('safety backup', 'begun');
      context.progress(0.3, `a safety backup of ${database} as it is now`);
      // Begun again it gives the one that was taken: whoever follows the run learns of it either way
      const safety = await newSafetyBackup(context, run);
      if (!isTaken) await journal.note('safety backup', 'done', { known: { safety: safety.name } });
      context.signal.throwIfAborted();
      return { backup, takenAt, ...space, safety: safety.name, safetyBackup: safety };
    });
  });
};
