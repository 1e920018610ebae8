import { WorkRefused, type WorkContext } from '../define-work.ts';
import { urlOfDatabase } from '../load.ts';
import { alone } from './databases.ts';
import { orRollBack } from './fill.ts';
import { openPlatform, startService, stopPlatform, untilHealthy } from './platform.ts';
import { hasSwapped, known, reopen, type Restoring } from './restoring.ts';
import { carryOnce, newestIn, settle, swap, swapBack } from './switch-over.ts';

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

/** Step 7: nobody is let in any more; most of what came meanwhile is carried before that, so that the outage is short. */
const stop = async (restoring: Restoring): Promise<void> => {
  const { journal, context, names } = restoring;
  const early = await carryOnce(restoring, known(restoring, 'horizon'));
  await journal.note('stop', 'begun', { known: { horizon: early.horizon } });
  context.progress(0.2, 'maintenance mode on, the service is stopped');
  await stopPlatform(context, `restore of ${names.database}`);
  const late = await carryOnce(restoring, early.horizon);
  await journal.note('stop', 'done', { known: { horizon: late.horizon } });
};

/** Step 8. */
const swapDatabases = async (restoring: Restoring): Promise<void> => {
  const { journal, context, names, url } = restoring;
  context.signal.throwIfAborted();
  await journal.note('swap', 'begun');
  context.progress(0.4, 'connections are refused, the last rows are carried, both databases are renamed');
  const { renamed, refused } = await swap(restoring, known(restoring, 'horizon'));
  const opened = await newestIn(urlOfDatabase(url, names.database));
  await journal.note('swap', 'done', { known: { renamed: rounded(renamed), refused: rounded(refused), opened } });
};

/** The replaced database comes back by itself as long as nobody has written into the restored one. */
const backOrOffer = async (restoring: Restoring, wrong: string): Promise<never> => {
  const { journal, names, url, context } = restoring;
  const { opened, old } = journal.state().known;
  if (opened !== undefined && (await newestIn(urlOfDatabase(url, names.database))) !== opened)
    throw new WorkRefused(
      `the platform is not well (${wrong}), and something was written into the restored database: swapping back needs an approval of its own (run ${journal.state().run}, ${old})`,
    );
  await swapBack(restoring);
  await startService(context);
  await openPlatform(context);
  await journal.note('finish', 'swapped back', { words: wrong });
  throw new WorkRefused(
    `the platform was not well with the restored database (${wrong}): the one before is in its place again, nothing was lost`,
  );
};

/** Steps 9 and 10. Safe to repeat. */
export const finish = async (restoring: Restoring): Promise<object> => {
  const { journal, context, names, url } = restoring;
  context.progress(0.6, 'rights and settings are given, the service starts');
  // Killed between the rename and its line in the journal: what was newest then is read now
  if (journal.state().known.opened === undefined)
    await journal.note('swap', 'done', { known: { opened: await newestIn(urlOfDatabase(url, names.database)) } });
  await journal.note('start', 'begun');
  const notAsItShould = await settle(restoring);
  await startService(context);
  context.progress(0.8, 'the platform is to be well three times in a row');
  const wrong = await untilHealthy(context);
  if (wrong !== undefined) return backOrOffer(restoring, wrong);
  await journal.note('start', 'done');
  await journal.note('finish', 'begun');
  await openPlatform(context);
  await journal.note('finish', 'restored');
  return { ...toldOf(restoring), notAsItShould };
};

/** What is told of a restore that is over. */
const toldOf = ({ journal, context, names }: Restoring): object => {
  const { backup, safety, renamed, refused, old } = journal.state().known;
  context.progress(1, `${names.database} is restored from ${backup}; the one before stays for seven days as ${old}`);
  return { backup, safety, old, renamed, refused };
};

/** Steps 7 to 10 in one program of the host: no console's death prolongs an outage. Begun again it goes on where it was. */
export const replace = async (run: string, context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const restoring = await reopen(context, run, server, url);
    const { end, done } = restoring.journal.state();
    // Killed after its last line in the journal: begun again it has only to say so
    if (end === 'restored') return toldOf(restoring);
    if (end !== undefined) throw new WorkRefused(`this restore has ended already: ${end}`);
    if (!done.has('carry forward')) throw new WorkRefused('nothing was carried forward in this restore');
    if (!(await hasSwapped(restoring)))
      await orRollBack(restoring, async () => {
        await stop(restoring);
        await swapDatabases(restoring);
      });
    return finish(restoring);
  });
};
