import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import type { Direct } from '../../database/direct.ts';
import { isServerOf, readPostmaster, stopPostmaster } from '../../database/local/postmaster.ts';
import { openSite } from '../../database/local/site.ts';
import { inTurn } from '../../database/local/turns.ts';
import { applyRights } from '../../database/rights.ts';
import { checkLoaded } from '../check-loaded.ts';
import { setAside } from '../carry/tables.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import { synchronize } from '../files.ts';
import { loadDump, urlOfDatabase } from '../load.ts';
import type { Manifest } from '../manifest.ts';
import { adminUrlOf, alone, admit, databaseOf, dropDatabase, endSessions, isThere, renameBoth, withConnection } from './databases.ts';
import { openJournal, restoresOf, type Journal } from './journal.ts';
import { openPlatform, startService, stopPlatform, untilHealthy } from './platform.ts';
import { namesFor } from './restoring.ts';
import { checkBackup, withBackup } from './stored.ts';

/** What two people agreed to at the terminal of the host. */
export type OfflineWishes = {
  readonly backup: string;
  readonly host: string;
  readonly database: string;
  readonly reason: string;
  readonly first: string;
  readonly second: string;
  /** Whether the server is the embedded one of this home: then its files are what is dead, and what is kept. */
  readonly embedded: boolean;
};

export type OfflineResult = {
  readonly backup: string;
  readonly takenAt: string;
  readonly users: number;
  readonly transactions: number;
  /** Where the dead database lies now. */
  readonly kept: string;
  /** What could not be carried forward. */
  readonly lost: readonly string[];
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

const quiet = { idle: 'SET idle_in_transaction_session_timeout = 0' };

/** The offline restore that was interrupted goes on under its run. */
const runOf = async (home: string, backup: string): Promise<string> => {
  const open = (await restoresOf(home)).find(
    ({ run, end, known }) => run.startsWith('offline-') && end === undefined && known.backup === backup,
  );
  return open?.run ?? `offline-${randomUUID()}`;
};

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

/** Puts the files of the dead server aside, whole and under another name: no copy of them needs space or can fail half-way. */
const keepFiles = async (home: string, journal: Journal): Promise<string> => {
  const site = await openSite(home);
  const kept = path.join(site.home, `data-dead-${new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}`);
  await inTurn(site.turnsDirectory, async () => {
    await endServer(site.dataDirectory);
    await rename(site.dataDirectory, kept);
    await synchronize(site.home);
    await journal.note('safety backup', 'done', { known: { safety: kept } });
  });
  return kept;
};

const endAllSessions = (scratch: Direct): Promise<void> =>
  setAside(scratch, ['ops.operator_session', 'bank.auth_session'], async () => {
    await scratch.query(quiet.idle);
    await scratch.query('UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL');
    await scratch.query('UPDATE bank.auth_session SET ended_at = clock_timestamp() WHERE ended_at IS NULL');
  });

const hasAction = async (connection: Direct): Promise<boolean> =>
  (await connection.query(`SELECT FROM ops.action_permission WHERE action = 'restores.offline'`)).rowCount === 1;

/** The first row of the restored log: who restored it, with whom, from what and why. */
const leaveTrace = async (connection: Direct, wishes: OfflineWishes, kept: string): Promise<void> => {
  const { backup, reason, first, second, host } = wishes;
  const [token, request] = [randomBytes(32).toString('hex'), randomUUID()];
  const agreed = `restored offline from ${backup} by ${first}, agreed to by ${second}: ${reason}`;
  await connection.query('SELECT ops.open_owner_session($1, $2, $3)', [token, `restore-offline on ${host}`, agreed.slice(0, 500)]);
  // A backup from before this action existed has the opening of the owner's session as its trace
  if (!(await hasAction(connection))) return;
  await connection.query('BEGIN');
  await connection.query('SELECT ops.begin_action($1, $2, $3, $4)', [
    token,
    'restores.offline',
    createHash('sha256').update(agreed).digest(),
    request,
  ]);
  await connection.query(`SELECT ops.write_audit('create', 'backup', $1, $1, NULL, $2::jsonb, 'success', NULL, $3, NULL, $4::jsonb)`, [
    backup,
    JSON.stringify({ host, first, second, kept }),
    reason,
    JSON.stringify({ summary: agreed }),
  ]);
  await connection.query('COMMIT');
};

const countUsers = async (connection: Direct): Promise<Pick<OfflineResult, 'users' | 'transactions'>> => {
  const { rows } = await connection.query<{ users: number; transactions: number }>(
    'SELECT (SELECT count(*)::int FROM bank."user") AS users, (SELECT count(*)::float8 FROM bank.transaction) AS transactions',
  );
  return rows[0] ?? { users: 0, transactions: 0 };
};

/** Fills a database beside the dead one, and swaps them by name. What the dead one was called before is kept under another name where it is still there. */
const loadAndSwap = async (url: string, manifest: Manifest, folder: string, journal: Journal, context: WorkContext): Promise<string> =>
  alone(url, async server => {
    const { database, scratch, old } = { ...namesFor(databaseOf(url), journal.state().run.replace('offline-', ''), new Date()) };
    await dropDatabase(server, scratch);
    await journal.note('load', 'begun', { known: { scratch, old } });
    const { signal, migrations, progress } = context;
    const filled = await loadDump({
      manifest, folder, adminUrl: adminUrlOf(url), name: scratch, tools: context.backup.postgresTools, migrations, signal,
      progress: (fraction, words) => progress(0.2 + 0.5 * fraction, words),
    }); // prettier-ignore
    progress(0.75, 'rows, balances, audit chain, sequences and constraints are held against the manifest');
    const findings = await checkLoaded(filled, manifest);
    if (findings.length > 0) {
      await dropDatabase(server, scratch);
      throw new WorkRefused(`${manifest.name} is not what was backed up: ${findings[0]}; name another one with --backup`);
    }
    await journal.note('check', 'done');
    await withConnection(filled, endAllSessions);
    await journal.note('swap', 'begun');
    const isHere = await isThere(server, database);
    if (isHere) {
      await admit(server, database, false);
      await endSessions(server, database);
    }
    await renameBoth(server, [...(isHere ? ([[database, old]] as const) : []), [scratch, database]]);
    await journal.note('swap', 'done');
    return isHere ? old : '';
  });

/** Restores a bank whose database cannot be read, on its host, without asking it anything. Begun again after a kill -9 it goes on. */
export const restoreOffline = async (wishes: OfflineWishes, context: WorkContext): Promise<OfflineResult> => {
  const { backup, reason, first, second, host, embedded } = wishes;
  context.progress(0.05, `${backup} is read whole and held against its manifest`);
  const { takenAt } = await checkBackup(context, backup);
  const journal = await openJournal(context.home, await runOf(context.home, backup));
  await journal.note('lock', 'begun', { known: { backup }, words: `${reason}; asked by ${first}, agreed to by ${second}, on ${host}` });
  await stopPlatform(context, `restore-offline by ${first} and ${second}`);
  const files = embedded ? (journal.state().known.safety ?? (await keepFiles(context.home, journal))) : undefined;
  context.progress(0.2, files === undefined ? 'the dead database is put aside at the end' : `the files of the dead server lie in ${files}`);
  const url = await context.databaseUrl();
  const isSwapped = journal.state().done.has('swap');
  const old = isSwapped
    ? (journal.state().known.old ?? '')
    : await withBackup(context, backup, (manifest, folder) => loadAndSwap(url, manifest, folder, journal, context));
  const kept = files ?? old;
  const counted = await withConnection(urlOfDatabase(url, databaseOf(url)), async connection => {
    await applyRights(connection);
    if (!journal.state().done.has('start')) await leaveTrace(connection, wishes, kept);
    return countUsers(connection);
  });
  await journal.note('start', 'done');
  await startService(context);
  const wrong = await untilHealthy(context);
  if (wrong === undefined) await openPlatform(context);
  await journal.note('finish', 'restored');
  const lost = [
    ...notCarried(takenAt),
    ...(wrong === undefined ? [] : [`the platform is not well (${wrong}): maintenance mode is still on`]),
  ];
  context.progress(1, `${counted.users} users and ${counted.transactions} transactions are there`);
  return { backup, takenAt, ...counted, kept, lost };
};
