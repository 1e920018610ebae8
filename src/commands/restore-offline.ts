import { hostname, userInfo } from 'node:os';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { Config } from '../config.ts';
import { isConnectionLost } from '../database/fault.ts';
import { Note } from '../domain/note.ts';
import { conflict, done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { WorkRefused, type WorkContext } from '../maintenance/define-work.ts';
import { databaseOf } from '../maintenance/restore/databases.ts';
import { restoresOf } from '../maintenance/restore/journal.ts';
import { notCarried, offlineAlone, restoreOffline, unfinishedOffline, type OfflineWishes } from '../maintenance/restore/offline.ts';
import { checkBackup, newestBackup } from '../maintenance/restore/stored.ts';
import { countRows, tablesOf } from '../maintenance/snapshot.ts';
import type { Command, CommandContext } from './command.ts';
import { findDatabase, withConnection, type Address } from './with-database.ts';

/** The embedded server's one database. */
const embeddedDatabase = 'bursar';

/** More of a reason is cut off, in characters. */
const longestReason = 1_000;

type Flags = Readonly<Record<string, string>>;

/** Whether the live database gives a whole answer; undefined where it does, else what it says. */
const whyDead = async ({ config, streams, signal }: CommandContext): Promise<string | undefined> => {
  let address: Address | undefined;
  try {
    address = await findDatabase(config, streams.say, 'owner');
    return await withConnection(address.url, { name: 'restore offline', readOnly: true }, async connection => {
      const tables = await tablesOf(connection);
      if (tables.length === 0) return 'it has no tables of Bursar';
      // Of a damaged table only reading all of it tells
      await countRows(connection, tables, () => signal.throwIfAborted());
      return undefined;
    });
  } catch (error) {
    signal.throwIfAborted();
    return safe((error as Error).message, { max: 200 });
  } finally {
    await address?.release().catch(error => {
      if (!isConnectionLost(error)) throw error;
    });
  }
};

const databaseNameOf = ({ ownerUrl, databaseUrl }: Config): string => {
  const url = ownerUrl ?? databaseUrl;
  return url === undefined ? embeddedDatabase : databaseOf(url);
};

type Agreement = Pick<OfflineWishes, 'host' | 'database' | 'reason' | 'first' | 'second'>;

/** Host and database by the first, their own name and the backup's by the second: nobody agrees by pressing Enter. */
const agree = async (flags: Flags, backup: string, { config, streams }: CommandContext): Promise<Outcome<Agreement>> => {
  const [host, database] = [hostname(), databaseNameOf(config)];
  const given = async (flag: string, question: string): Promise<string> => (flags[flag] ?? (await streams.ask?.(question)) ?? '').trim();
  const reason = Note.safeParse(safe(await given('reason-offline', 'What happened? (10 characters or more): '), { max: longestReason }));
  if (!reason.success)
    return invalid(`the reason ${reason.error.issues[0]?.message ?? 'cannot be used'}`, 'say what happened with --reason-offline');
  const first = userInfo().username;
  if ((await given('confirm', `Type "${host} ${database}" to restore it: `)) !== `${host} ${database}`)
    return invalid('nothing was done: it was not confirmed', `the words are: ${host} ${database}`);
  const second = safe(await given('second', 'A second person must agree. Their name: '), { max: 60 }).trim();
  if (second.length < 3 || second.toLowerCase() === first.toLowerCase())
    return invalid('nothing was done: it takes a second person', 'name them with --second');
  const agreed = await given('second-confirm', `${second}, type "${backup}" to agree: `);
  if (agreed !== backup) return invalid('nothing was done: the second person did not agree', `they type: ${backup}`);
  return done({ host, database, reason: reason.data, first, second });
};

const contextOf = ({ config, migrations, signal, streams }: CommandContext, open: () => Promise<Address>): WorkContext => ({
  home: config.home, platform: config.platform, backup: config.backup, secretKeyFile: config.secretKeyFile, migrations, signal,
  hasDatabase: config.databaseUrl !== undefined || existsSync(path.join(config.home, 'data', 'PG_VERSION')),
  databaseUrl: async () => (await open()).url,
  progress: (fraction, words) => streams.say(`${Math.floor(fraction * 100)} % ${safe(words, { max: 400 })}`),
}); // prettier-ignore

/** Which backup is to be restored, and, told to the person, why; refused where it must not be. */
const lookAround = async (flags: Flags, context: CommandContext, work: WorkContext): Promise<Outcome<string>> => {
  const { streams } = context;
  const open = await unfinishedOffline(work.home);
  if (open) {
    streams.say(`A restore-offline of ${open.known.backup} was begun at ${open.lastAt.toISOString().slice(0, 16)} and has not ended: it is gone on with.`); // prettier-ignore
    return done(flags['backup'] ?? open.known.backup ?? (await newestBackup(work)));
  }
  const why = await whyDead(context);
  if (why === undefined && flags['although-it-answers'] !== 'yes')
    return conflict('the live database answers: nothing was done', 'restore it with bursar backups restore, or say --although-it-answers');
  streams.say(why === undefined ? 'The live database answers, and is restored all the same.' : `The live database cannot be read: ${why}`);
  return done(flags['backup'] ?? (await newestBackup(work)));
};

/** How many offline restores of this home have ended, and which goes on: what it was when people agreed. */
const standOf = async (home: string): Promise<string> =>
  JSON.stringify((await restoresOf(home)).map(({ run, end }) => [run, end])); // prettier-ignore

const restoreNow = async (flags: Flags, context: CommandContext): Promise<number> => {
  const { streams, config } = context;
  // Opened when it is first wanted: a server that is dead is put aside before
  let held: Promise<Address> | undefined;
  const work = contextOf(context, () => (held ??= findDatabase(config, streams.say, 'owner')));
  const stop = (refusal: Outcome<never>): Promise<number> => refuse(streams, false, refusal);
  try {
    const stand = await standOf(config.home);
    const chosen = await lookAround(flags, context, work);
    if (!chosen.ok) return await stop(chosen);
    const { takenAt, transactions } = await checkBackup(work, chosen.value);
    streams.say(`The backup ${chosen.value} was taken at ${takenAt} and holds ${transactions.count} transactions. What is lost:`);
    for (const line of notCarried(takenAt)) streams.say(`- ${line}`);
    const agreed = await agree(flags, chosen.value, context);
    if (!agreed.ok) return await stop(agreed);
    const result = await offlineAlone(config.home, async () => {
      if ((await standOf(config.home)) !== stand)
        throw new WorkRefused('somebody else restored while you were asked: look at the database before you begin again');
      const insists = flags['although-too-full'] === 'yes';
      return restoreOffline({ ...agreed.value, backup: chosen.value, embedded: config.databaseUrl === undefined, insists }, work);
    });
    await streams.write(`${toJson(result, 2)}\n`);
    return exitCode.done;
  } catch (error) {
    if (!(error instanceof WorkRefused)) throw error;
    return await stop(conflict(error.message));
  } finally {
    await (await held?.catch(() => undefined))?.release();
  }
};

/** `bursar maintain restore-offline`, on the host of a database that nobody can read any more. */
export const restoreOfflineCommand: Command = {
  name: 'maintain restore-offline',
  endsItself: true,
  summary: 'on the host of a database that cannot be read: restores its newest backup; two people agree at the terminal',
  flags: [
    { name: 'backup', takes: 'NAME', help: 'another one than the newest' },
    { name: 'reason-offline', takes: 'TEXT', help: 'what happened, for the audit log of the restored database' },
    { name: 'confirm', takes: 'WORDS', help: 'host and database, as the first person would type them' },
    { name: 'second', takes: 'NAME', help: 'who agrees' },
    { name: 'second-confirm', takes: 'BACKUP', help: 'what the second person would type' },
    { name: 'although-it-answers', help: 'also where the live database can be read: it is damaged all the same' },
    { name: 'although-too-full', help: 'also where a disk seems to have too little room' },
  ],
  run: ({ words, flags }, context) =>
    words.length > 0 ? refuse(context.streams, false, invalid('maintain restore-offline takes flags only')) : restoreNow(flags, context),
};
