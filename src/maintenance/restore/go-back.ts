import { WorkRefused } from '../define-work.ts';
import { settleForeignKeys } from '../carry-forward.ts';
import { urlOfDatabase } from '../load.ts';
import { isThere, withConnection } from './databases.ts';
import { openPlatform, startService, stopService, untilHealthy } from './platform.ts';
import { clearScratch, resumeCommand, type Restoring } from './restoring.ts';
import { swapBack, swapBackUnlessWritten, writtenInto } from './switch-over.ts';

/** Starts the service and looks at it; gives what is wrong. A service that does not start is as little well as one that does not answer. */
export const bringUp = async ({ context }: Restoring): Promise<string | undefined> => {
  try {
    await startService(context);
  } catch (error) {
    if (!(error instanceof WorkRefused)) throw error;
    return `its service does not start: ${error.message}`;
  }
  return untilHealthy(context);
};

/** Where a restore that cannot go on by itself stands, and both ways on. */
export const standing = (restoring: Restoring): string => {
  const { old, database } = restoring.names;
  return (
    `the restored database is in place and maintenance mode stays on. Once that is mended: ${resumeCommand(restoring)}; ` +
    `the way back to the one before, with an approval of its own: bursar backups restore-back --database ${database} --old ${old}`
  );
};

/** Carries out what was decided: begun again after a kill it does what is left. Gives what became of it, in words. */
export const goBack = async (restoring: Restoring): Promise<string> => {
  const { journal, context, names, server, url } = restoring;
  const wrong = journal.state().goingBack ?? '';
  context.progress(0.9, `the database before comes back: ${wrong}`);
  if (await isThere(server, names.old)) await stopService(context).catch(() => undefined); // what is stuck must not hinder the way back
  await swapBack(restoring);
  await withConnection(urlOfDatabase(url, names.database), settleForeignKeys);
  await startService(context).catch((error: Error) => {
    throw new WorkRefused(
      `${error.message}. The database from before the restore is in its place again, the service stands still and maintenance mode is on; once that is mended: ${resumeCommand(restoring)}`,
    );
  });
  const still = await untilHealthy(context);
  await openPlatform(context);
  await clearScratch(restoring);
  await journal.note('finish', 'swapped back', { words: wrong });
  return `the platform was not well with the restored database (${wrong}): the one before is in its place again, nothing was lost${
    still === undefined
      ? ', and the platform is well'
      : `; but the platform is not well with it either (${still}): the cause is another one`
  }`;
};

/** The replaced database comes back by itself as long as nobody has written into the restored one. Throws in any case: with what became of it. */
export const backOrOffer = async (restoring: Restoring, wrong: string): Promise<never> => {
  const { journal, names, url, context } = restoring;
  const { run, known } = journal.state();
  const stays = (why: string): WorkRefused =>
    new WorkRefused(`the platform is not well (${wrong}), and ${why}: it is not taken back by itself (run ${run}); ${standing(restoring)}`);
  const refused = (written: string): WorkRefused => stays(`something was written into the restored database (${written})`);
  const { opening } = known;
  if (opening === undefined)
    throw stays(
      'nobody can tell whether something was written into the restored database, since an older version of this program opened it',
    );
  const written = await writtenInto(urlOfDatabase(url, names.database), opening);
  if (written !== undefined) throw refused(written);
  await stopService(context).catch(() => undefined); // what is stuck must not hinder the way back
  if (!(await swapBackUnlessWritten(restoring, opening, () => journal.note('start', 'going back', { words: wrong })))) {
    await startService(context).catch(() => undefined); // the refusal says already that it is not well
    throw refused('while it was about to go back');
  }
  throw new WorkRefused(await goBack(restoring));
};
