import { z } from 'zod';
import { RunName } from '../backup.ts';
import { defineWork, WorkAborted, WorkRefused, type AnyWork, type WorkContext } from '../define-work.ts';
import { alone } from './databases.ts';
import { carry, fill } from './fill.ts';
import { drill } from './drill.ts';
import { goBack } from './go-back.ts';
import { openJournal, restoresOf, type RestoreEnd } from './journal.ts';
import { beginBack, dropOld } from './old-database.ts';
import { endOffline } from './offline.ts';
import { prepare } from './prepare.ts';
import { finish, replace } from './replace.ts';
import { hasSwapped, reopen, rollBack, type Restoring } from './restoring.ts';

const Run = z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/, 'is the id of a run');
const DatabaseName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/, 'is the name of a database');

const restorePrepare = defineWork({
  name: 'restore-prepare',
  summary: 'first part of a restore: lock, safety backup, space, hash and manifest',
  input: z.object({ run: RunName, backup: z.string().max(120), database: DatabaseName }),
  run: (input, context) => prepare(input, context),
});

const restoreFill = defineWork({
  name: 'restore-fill',
  summary: 'second part: loads the backup beside the live database and checks it',
  input: z.object({ run: Run }),
  run: ({ run }, context) => fill(run, context),
});

const restoreCarry = defineWork({
  name: 'restore-carry',
  summary: 'third part: carries over what protects',
  input: z.object({ run: Run }),
  run: ({ run }, context) => carry(run, context),
});

const restoreSwitch = defineWork({
  name: 'restore-switch',
  summary: 'last part: maintenance mode, swap, start, health; begun again it goes on',
  input: z.object({ run: Run }),
  run: ({ run }, context) => replace(run, context),
});

/** The only restore of this host that has not ended. */
const unfinished = async (home: string): Promise<string> => {
  const open = (await restoresOf(home)).filter(({ end }) => end === undefined);
  const [one] = open;
  if (!one) throw new WorkRefused('no restore of this host is unfinished');
  if (open.length > 1)
    throw new WorkRefused(`several restores are unfinished; name one with --run: ${open.map(({ run }) => run).join(', ')}`);
  return one.run;
};

/** After the swap it goes on, before it everything is undone, and a way back that was begun is gone to its end: one database is whole in any case. */
const endRestore = async (restoring: Restoring, why: string): Promise<{ readonly end: RestoreEnd; readonly words?: string }> => {
  const { end: ended, goingBack } = restoring.journal.state();
  if (ended !== undefined) return { end: ended };
  if (restoring.journal.state().run.startsWith('offline-')) return { end: await endOffline(restoring, why) };
  if (goingBack !== undefined) return { end: 'swapped back', words: await goBack(restoring) };
  if (await hasSwapped(restoring)) return { end: 'restored', ...(await finish(restoring)) };
  await rollBack(restoring, why);
  return { end: 'rolled back' };
};

const resume = async (wanted: string | undefined, context: WorkContext): Promise<object> => {
  const run = wanted ?? (await unfinished(context.home));
  const url = await context.databaseUrl();
  return alone(url, async server => ({ run, ...(await endRestore(await reopen(context, run, server, url), 'it was not gone on with')) }));
};

/** As `resume`, of a run that was aborted while none of its programs ran: undone is what was asked for, and told as such. */
const abort = async (run: string, context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const { known } = (await openJournal(context.home, run)).state();
    if (known.database === undefined) throw new WorkAborted('aborted: nothing was begun on this host');
    const ended = await endRestore(await reopen(context, run, server, url), 'it was aborted');
    if (ended.end !== 'restored') throw new WorkAborted(`aborted: ${ended.end}, the live database is as it was before`);
    return { run, ...ended };
  });
};

const restoreResume = defineWork({
  name: 'restore-resume',
  summary: 'ends a restore that was interrupted: goes on after the swap, undoes it before',
  input: z.object({ run: Run.optional() }),
  run: ({ run }, context) => resume(run, context),
});

const restoreAbort = defineWork({
  name: 'restore-abort',
  summary: 'ends a restore that was aborted between its parts: undoes it before the swap, goes on after it',
  input: z.object({ run: Run }),
  run: ({ run }, context) => abort(run, context),
});

const OldDatabase = z.string().regex(/^[a-z][a-z0-9_]{0,45}_old_\d{14}$/, 'is the name of a replaced database');

const restoreBack = defineWork({
  name: 'restore-back',
  summary: 'begins the way back to the database that a restore replaced; restore-carry and restore-switch follow',
  input: z.object({ run: Run, database: DatabaseName, old: OldDatabase }),
  run: (input, context) => beginBack(input, context),
});

const dropOldDatabase = defineWork({
  name: 'drop-old-database',
  summary: 'drops a database that a restore replaced, after seven days or where space is scarce',
  input: z.object({ old: OldDatabase }),
  run: ({ old }, context) => dropOld(old, context),
});

const drillWork = defineWork({
  name: 'drill',
  summary: 'restores the newest backup into a database of its own, checks it and drops it',
  input: z.object({}),
  run: (_input, context) => drill(context),
});

/** What restores, drills and their clearing up are made of: half of one is worse than a wait. */
export const restoreWorks: readonly AnyWork[] = [
  restorePrepare,
  restoreFill,
  restoreCarry,
  restoreSwitch,
  restoreResume,
  restoreAbort,
  restoreBack,
  dropOldDatabase,
  drillWork,
].map(work => ({ ...work, endsItself: true }));
