import { WorkRefused, type WorkContext } from '../define-work.ts';
import { urlOfDatabase } from '../load.ts';
import { admit, alone, isThere } from './databases.ts';
import { backOrOffer, bringUp, goBack, standing } from './go-back.ts';
import { openJournal, restoresOf } from './journal.ts';
import { openPlatform, stopPlatform } from './platform.ts';
import { hasSwapped, known, orRollBack, reopen, type Restoring } from './restoring.ts';
import { pendingMigrations, waitingWords } from './catch-up.ts';
import { carryOnce, settle, swap } from './switch-over.ts';

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

/** Step 7: nobody is let in any more; most of what came meanwhile is carried before that, so that the outage is short. */
const stop = async (restoring: Restoring): Promise<void> => {
  const { journal, context, names } = restoring;
  const early = await carryOnce(restoring, known(restoring, 'horizon'));
  context.signal.throwIfAborted();
  await journal.note('stop', 'begun', { known: { horizon: early.horizon } });
  context.progress(0.2, 'maintenance mode on, the service is stopped');
  await stopPlatform(context, `restore of ${names.database}`);
  const late = await carryOnce(restoring, early.horizon);
  await journal.note('stop', 'done', { known: { horizon: late.horizon } });
};

/** Step 8. */
const swapDatabases = async (restoring: Restoring): Promise<void> => {
  const { journal, context } = restoring;
  context.signal.throwIfAborted();
  await journal.note('swap', 'begun');
  context.progress(0.4, 'connections are refused, the last rows are carried, both databases are renamed');
  // Known before it is opened: whoever is quicker than the line after the rename would not be seen to have written
  const { renamed, refused } = await swap(restoring, known(restoring, 'horizon'), opening =>
    journal.note('swap', 'begun', { known: { opening } }),
  );
  await journal.note('swap', 'done', { known: { renamed: rounded(renamed), refused: rounded(refused) } });
};

/** What fails now leaves a bank half-way: it must say where it stands, and how it goes on. */
const orSay = async <T>(restoring: Restoring, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw new WorkRefused(`${(error as Error).message}: ${standing(restoring)}`);
  }
};

/** A restore that was left half-way, and whose replaced database is in its place again by this one, has ended. */
const endOthers = async ({ journal, context, names }: Restoring): Promise<void> => {
  for (const other of await restoresOf(context.home))
    if (other.end === undefined && other.known.old === names.scratch)
      await (await openJournal(context.home, other.run)).note('finish', 'swapped back', { words: `by ${journal.state().run}` });
};

/** Steps 9 and 10. Safe to repeat. */
export const finish = async (restoring: Restoring): Promise<object> => {
  const { journal, context, server, names } = restoring;
  context.progress(0.6, 'rights and settings are given, the service starts');
  await journal.note('start', 'begun');
  const notAsItShould = await orSay(restoring, async () => {
    // Killed while it was about to go back, before that was decided: the door is closed
    await admit(server, names.database, true);
    if (await isThere(server, names.old)) await admit(server, names.old, false);
    return settle(restoring);
  });
  context.progress(0.8, 'the platform is to be well three times in a row');
  const wrong = await bringUp(restoring);
  if (wrong !== undefined) return backOrOffer(restoring, wrong);
  await journal.note('start', 'done');
  await journal.note('finish', 'begun');
  await orSay(restoring, () => openPlatform(context));
  await endOthers(restoring);
  await journal.note('finish', 'restored');
  return { ...(await toldOf(restoring)), notAsItShould };
};

/** What is told of a restore that is over. */
const toldOf = async ({ journal, context, names, url }: Restoring): Promise<object> => {
  const { backup, safety, renamed, refused, old } = journal.state().known;
  const waiting = await pendingMigrations(urlOfDatabase(url, names.database), context.migrations);
  if (waiting.length > 0) context.progress(0.95, waitingWords(waiting));
  context.progress(1, `${names.database} is restored from ${backup}; the one before stays for seven days as ${old}`);
  return { backup, safety, old, renamed, refused, waiting };
};

/** Steps 7 to 10 in one program of the host: no console's death prolongs an outage. Begun again it goes on where it was. */
export const replace = async (run: string, context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const restoring = await reopen(context, run, server, url);
    const { end, done, goingBack } = restoring.journal.state();
    // Killed after its last line in the journal: begun again it has only to say so
    if (end === 'restored') return toldOf(restoring);
    if (end !== undefined) throw new WorkRefused(`this restore has ended already: ${end}`);
    if (goingBack !== undefined) throw new WorkRefused(await goBack(restoring));
    if (!done.has('carry forward')) throw new WorkRefused('nothing was carried forward in this restore');
    if (!(await hasSwapped(restoring)))
      await orRollBack(restoring, async () => {
        await stop(restoring);
        await swapDatabases(restoring);
      });
    return finish(restoring);
  });
};
