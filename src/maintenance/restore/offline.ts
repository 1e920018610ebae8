import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Direct } from '../../database/direct.ts';
import { inTurn, TurnError } from '../../database/local/turns.ts';
import { applyRights } from '../../database/rights.ts';
import { checkLoaded } from '../check-loaded.ts';
import { WorkAborted, WorkRefused, type WorkContext } from '../define-work.ts';
import { loadDump, urlOfDatabase } from '../load.ts';
import { pendingMigrations, waitingWords } from './catch-up.ts';
import { adminUrlOf, admit, alone, dropDatabase, endSessions, isThere, renameBoth, withConnection } from './databases.ts';
import { furnish } from './furnish.ts';
import { openJournal, restoresOf, type Journal, type RestoreEnd, type RestoreState } from './journal.ts';
import { keepFiles } from './keep-files.ts';
import { endAllSessions, leaveTrace, type OfflineAgreement } from './offline-trace.ts';
import { openPlatform, startService, stopPlatform, untilHealthy } from './platform.ts';
import { known, namesFor, namesIn, rollBack, type Restoring } from './restoring.ts';
import { demandOffline, type OfflineRoom } from './space-offline.ts';
import { checkBackup, withBackup } from './stored.ts';

/** `embedded`: the server is the one of this home; then its files are what is dead, and what is kept. `insists`: although a disk seems too full. */
export type OfflineWishes = OfflineAgreement & Pick<OfflineRoom, 'embedded' | 'insists'>;

export type OfflineResult = {
  readonly backup: string;
  readonly takenAt: string;
  readonly users: number;
  readonly transactions: number;
  /** Where the dead database lies now. */
  readonly kept: string;
  /** What could not be carried forward. */
  readonly lost: readonly string[];
  /** Migrations that are applied afterwards, by a person. */
  readonly waiting: readonly string[];
};

/** Nothing of the dead database can be read, so that none of it is brought over: a person must know what to look for. */
export const notCarried = (takenAt: string): readonly string[] => [
  `the audit log, approvals, cases and incidents after ${takenAt}: look for them in anchors, notices and the transcripts on hosts`,
  `accounts that were frozen or closed after ${takenAt}, and users that were locked or deactivated: do it again`,
  `passwords, one-time codes and roles that were changed after ${takenAt}: those of then are valid again`,
  `blocked addresses, invitations and settings of after ${takenAt}`,
  'keys of postings that are lost: a repeat of one is posted; compare with the other side before',
  'carried in spite of that: every session of operators and users was ended',
];

const prefix = 'offline-';
const goOn = 'bursar maintain restore-offline';
/** Two that begin at the same moment both step back once, in milliseconds; whoever has begun takes longer. */
const turnPatience = 500;

/** The offline restore of a home that has not ended. */
export const unfinishedOffline = async (home: string): Promise<RestoreState | undefined> =>
  (await restoresOf(home)).find(({ run, end }) => run.startsWith(prefix) && end === undefined);

/** One offline restore of a home at a time, from before it looks at what there is to after its last line. Killed it lets go. */
export const offlineAlone = async <T>(home: string, work: () => Promise<T>): Promise<T> => {
  const turns = path.join(home, 'restores', '.turns');
  await mkdir(turns, { recursive: true, mode: 0o700 });
  try {
    return await inTurn(turns, work, turnPatience);
  } catch (error) {
    if (error instanceof TurnError) throw new WorkRefused('another restore-offline is under way on this host: wait until it has ended');
    throw error;
  }
};

/** Whether the restored database has its name already, whatever was killed. */
const isInPlace = async (server: Direct, state: RestoreState): Promise<boolean> => {
  const { database, scratch, old } = namesIn(state);
  if (!state.begun.has('swap') || (await isThere(server, scratch)) || !(await isThere(server, database))) return false;
  return state.known.hadDead !== true || isThere(server, old);
};

/** Fills a database beside the dead one and holds it against the manifest. What was filled and checked before a kill stays. */
const fill = async ({ server, url, journal, names, context }: Restoring): Promise<void> => {
  const backup = known({ journal }, 'backup');
  if (journal.state().done.has('check') && (await isThere(server, names.scratch))) return;
  await dropDatabase(server, names.scratch);
  await journal.note('load', 'begun');
  await withBackup(context, backup, async (manifest, folder) => {
    const { signal, migrations, progress } = context;
    const filled = await loadDump({
      manifest, folder, adminUrl: adminUrlOf(url), name: names.scratch, tools: context.backup.postgresTools, migrations, signal,
      progress: (fraction, words) => progress(0.2 + 0.5 * fraction, words),
    }); // prettier-ignore
    progress(0.75, 'rows, balances, audit chain, sequences and constraints are held against the manifest');
    const [finding] = await checkLoaded(filled, manifest);
    if (finding !== undefined) throw new WorkRefused(`${backup} is not what was backed up: ${finding}; name another one with --backup`);
    signal.throwIfAborted();
    await journal.note('check', 'done', { known: { schema: manifest.migration } });
  });
};

/** Gives the filled database the name of the dead one, which keeps another where it is still there. */
const swapByName = async ({ server, url, journal, names }: Restoring): Promise<void> => {
  await withConnection(urlOfDatabase(url, names.scratch), endAllSessions);
  const hadDead = await isThere(server, names.database);
  if (hadDead) await furnish(server, names.database, names.scratch);
  await journal.note('swap', 'begun', { known: { hadDead } });
  if (hadDead) {
    await admit(server, names.database, false);
    await endSessions(server, names.database);
  }
  await endSessions(server, names.scratch);
  await renameBoth(server, [...(hadDead ? ([[names.database, names.old]] as const) : []), [names.scratch, names.database]]);
};

/** Before the swap all is as it was, where the dead database stands beside; the files of an embedded server lie aside already, and it is gone on with. */
const undo = async (restoring: Restoring, wishes: OfflineWishes, error: unknown): Promise<never> => {
  const { context, journal, server, names } = restoring;
  const [why, isAborted] = [(error as Error).message, context.signal.aborted];
  if (await isInPlace(server, journal.state())) throw new WorkRefused(`${why}: the restored database is in place; ${goOn} goes on`);
  if (wishes.embedded) {
    if (!journal.state().done.has('check')) await dropDatabase(server, names.scratch);
    throw new WorkRefused(`${isAborted ? 'it was asked to end' : why}: the files of the dead server lie in ${journal.state().known.safety}; ${goOn} goes on`);
  }
  await rollBack(restoring, isAborted ? 'it was aborted' : why);
  throw isAborted ? new WorkAborted('aborted: the dead database is as it was, the scratch one is dropped') : error;
}; // prettier-ignore

const countUsers = async (connection: Direct): Promise<Pick<OfflineResult, 'users' | 'transactions'>> => {
  const { rows } = await connection.query<{ users: number; transactions: number }>(
    'SELECT (SELECT count(*)::int FROM bank."user") AS users, (SELECT count(*)::float8 FROM bank.transaction) AS transactions',
  );
  return rows[0] ?? { users: 0, transactions: 0 };
};

/** Rights, the trace of who did it, service, health. Safe to repeat. */
const finish = async (restoring: Restoring, wishes: OfflineWishes, takenAt: string): Promise<OfflineResult> => {
  const { context, journal, server, names, url } = restoring;
  await journal.note('swap', 'done');
  const { hadDead, safety } = journal.state().known;
  // In a server that was made anew it is empty: what is dead are the files
  if (wishes.embedded) await dropDatabase(server, names.old);
  const kept = safety ?? (hadDead === true ? names.old : 'nothing: the database was gone');
  const isTraced = { is: false };
  const counted = await withConnection(urlOfDatabase(url, names.database), async connection => {
    await applyRights(connection);
    isTraced.is = await leaveTrace(connection, journal.state().run, wishes, kept);
    return countUsers(connection);
  });
  await journal.note('start', 'done');
  await startService(context);
  const wrong = await untilHealthy(context);
  if (wrong === undefined) await openPlatform(context);
  await journal.note('finish', 'restored');
  const waiting = await pendingMigrations(urlOfDatabase(url, names.database), context.migrations);
  const lost = [
    ...notCarried(takenAt),
    ...(hadDead === true ? [] : ['owner, rights and settings of the database itself: there was none to take them from']),
    ...(isTraced.is ? [] : ['a row in the audit log of who restored it: the backup is too old for one; note it elsewhere']),
    ...(wrong === undefined ? [] : [`the platform is not well (${wrong}): maintenance mode is still on`]),
    ...(waiting.length === 0 ? [] : [waitingWords(waiting)]),
  ];
  context.progress(1, `${counted.users} users and ${counted.transactions} transactions are there`);
  return { backup: wishes.backup, takenAt, ...counted, kept, lost, waiting };
};

/** The journal that is gone on with, or a new one. Of another backup it is begun anew, with the same files kept. */
const journalFor = async ({ backup, database }: OfflineWishes, context: WorkContext): Promise<Journal> => {
  const open = await unfinishedOffline(context.home);
  if (open?.known.backup === backup) return openJournal(context.home, open.run);
  const safety = open?.known.safety;
  if (open) {
    const url = await context.databaseUrl();
    await alone(url, async server => {
      if (await isInPlace(server, open))
        throw new WorkRefused(`${open.known.backup} is restored already and in place: ${goOn} without --backup goes on`);
      if (safety === undefined) await admitAgain(server, database);
      await dropDatabase(server, namesIn(open).scratch);
    });
    await (await openJournal(context.home, open.run)).note('finish', 'rolled back', { words: `another backup was named: ${backup}` });
  }
  const journal = await openJournal(context.home, `${prefix}${randomUUID()}`);
  if (safety !== undefined) await journal.note('safety backup', 'done', { known: { safety } });
  return journal;
};

const admitAgain = async (server: Direct, database: string): Promise<void> => {
  if (await isThere(server, database)) await admit(server, database, true);
};

/** Restores a bank whose database cannot be read, on its host, without asking it anything. Begun again after a kill -9 it goes on. */
export const restoreOffline = async (wishes: OfflineWishes, context: WorkContext): Promise<OfflineResult> => {
  const { backup, reason, first, second, host, embedded, database } = wishes;
  context.progress(0.05, `${backup} is read whole and held against its manifest`);
  const manifest = await checkBackup(context, backup);
  const { takenAt } = manifest;
  context.signal.throwIfAborted();
  // What has begun to fill a disk is gone on with
  if (!(await unfinishedOffline(context.home))) await demandOffline({ ...wishes, manifest }, context);
  const journal = await journalFor(wishes, context);
  const { run, known: before } = journal.state();
  const names = before.scratch === undefined ? namesFor(database, run.replace(prefix, ''), new Date()) : namesIn(journal.state());
  await journal.note('lock', 'begun', { known: { backup, ...names }, words: `${reason}; asked by ${first}, agreed to by ${second}, on ${host}` });
  const files = embedded ? await keepFiles(context.home, journal) : undefined;
  context.progress(0.2, files === undefined ? 'the dead database is put aside at the end' : `the files of the dead server lie in ${files}`);
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const restoring: Restoring = { journal, names, server, url, context };
    try {
      if (!(await isInPlace(server, journal.state()))) {
        await journal.note('stop', 'begun');
        await stopPlatform(context, `restore-offline by ${first} and ${second}`);
        context.signal.throwIfAborted();
        await fill(restoring);
        await swapByName(restoring);
      }
    } catch (error) {
      return undo(restoring, wishes, error);
    }
    return finish(restoring, wishes, takenAt);
  });
}; // prettier-ignore

/** Ends an offline restore that is not gone on with: undone before the swap, where its dead database stands beside. */
export const endOffline = async (restoring: Restoring, why: string): Promise<RestoreEnd> => {
  const { journal, server } = restoring;
  if (await isInPlace(server, journal.state())) throw new WorkRefused(`the restored database is in place: ${goOn} goes on`);
  if (journal.state().known.safety !== undefined)
    throw new WorkRefused(`the files of the dead server lie in ${journal.state().known.safety}: ${goOn} goes on`);
  await rollBack(restoring, why);
  return 'rolled back';
};
