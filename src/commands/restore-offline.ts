import { hostname, userInfo } from 'node:os';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { Config } from '../config.ts';
import { isConnectionLost } from '../database/fault.ts';
import { conflict, done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { WorkRefused, type WorkContext } from '../maintenance/define-work.ts';
import { databaseOf } from '../maintenance/restore/databases.ts';
import { notCarried, restoreOffline, type OfflineWishes } from '../maintenance/restore/offline.ts';
import { checkBackup, newestBackup } from '../maintenance/restore/stored.ts';
import { countRows, tablesOf } from '../maintenance/snapshot.ts';
import type { Command, CommandContext } from './command.ts';
import { findDatabase, withConnection, type Address } from './with-database.ts';

/** The embedded server's one database. */
const embeddedDatabase = 'bursar';

type Flags = Readonly<Record<string, string>>;

/** Whether the live database gives a whole answer; undefined where it does, else what it says. */
const whyDead = async ({ config, streams }: CommandContext): Promise<string | undefined> => {
  let address: Address | undefined;
  try {
    address = await findDatabase(config, streams.say, 'owner');
    await withConnection(address.url, { name: 'restore offline', readOnly: true }, async connection => {
      // Of a damaged table only reading all of it tells
      await countRows(connection, await tablesOf(connection), () => undefined);
    });
    return undefined;
  } catch (error) {
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
  const reason = await given('reason-offline', 'What happened? (10 characters or more): ');
  if (reason.length < 10) return invalid('the reason takes at least 10 characters', 'say what happened with --reason-offline');
  const first = userInfo().username;
  if ((await given('confirm', `Type "${host} ${database}" to restore it: `)) !== `${host} ${database}`)
    return invalid('nothing was done: it was not confirmed', `the words are: ${host} ${database}`);
  const second = await given('second', 'A second person must agree. Their name: ');
  if (second.length < 3 || second === first) return invalid('nothing was done: it takes a second person', 'name them with --second');
  const agreed = await given('second-confirm', `${safe(second, { max: 60 })}, type "${backup}" to agree: `);
  if (agreed !== backup) return invalid('nothing was done: the second person did not agree', `they type: ${backup}`);
  return done({ host, database, reason, first, second: safe(second, { max: 60 }) });
};

const contextOf = ({ config, migrations, signal, streams }: CommandContext, hold: (address: Address) => void): WorkContext => ({
  home: config.home, platform: config.platform, backup: config.backup, secretKeyFile: config.secretKeyFile, migrations, signal,
  hasDatabase: config.databaseUrl !== undefined || existsSync(path.join(config.home, 'data', 'PG_VERSION')),
  databaseUrl: async () => {
    const address = await findDatabase(config, streams.say, 'owner');
    hold(address);
    return address.url;
  },
  progress: (fraction, words) => streams.say(`${Math.floor(fraction * 100)} % ${safe(words, { max: 400 })}`),
}); // prettier-ignore

const restoreNow = async (flags: Flags, context: CommandContext): Promise<number> => {
  const { streams, config } = context;
  let held: Address | undefined;
  const work = contextOf(context, address => (held = address));
  try {
    const why = await whyDead(context);
    if (why === undefined && flags['although-it-answers'] !== 'yes')
      return await refuse(
        streams,
        false,
        conflict('the live database answers: nothing was done', 'restore it with bursar backups restore, or say --although-it-answers'),
      );
    streams.say(
      why === undefined ? 'The live database answers, and is restored all the same.' : `The live database cannot be read: ${why}`,
    );
    const backup = flags['backup'] ?? (await newestBackup(work));
    const { takenAt, transactions } = await checkBackup(work, backup);
    streams.say(`The backup ${backup} was taken at ${takenAt} and holds ${transactions.count} transactions. What is lost:`);
    for (const line of notCarried(takenAt)) streams.say(`- ${line}`);
    const agreed = await agree(flags, backup, context);
    if (!agreed.ok) return await refuse(streams, false, agreed);
    const result = await restoreOffline({ ...agreed.value, backup, embedded: config.databaseUrl === undefined }, work);
    await streams.write(`${toJson(result, 2)}\n`);
    return exitCode.done;
  } catch (error) {
    if (!(error instanceof WorkRefused)) throw error;
    return await refuse(streams, false, conflict(error.message));
  } finally {
    await held?.release();
  }
};

/** `bursar maintain restore-offline`, on the host of a database that nobody can read any more. */
export const restoreOfflineCommand: Command = {
  name: 'maintain restore-offline',
  summary: 'on the host of a database that cannot be read: restores its newest backup; two people agree at the terminal',
  flags: [
    { name: 'backup', takes: 'NAME', help: 'another one than the newest' },
    { name: 'reason-offline', takes: 'TEXT', help: 'what happened, for the audit log of the restored database' },
    { name: 'confirm', takes: 'WORDS', help: 'host and database, as the first person would type them' },
    { name: 'second', takes: 'NAME', help: 'who agrees' },
    { name: 'second-confirm', takes: 'BACKUP', help: 'what the second person would type' },
    { name: 'although-it-answers', help: 'also where the live database can be read: it is damaged all the same' },
  ],
  run: ({ words, flags }, context) =>
    words.length > 0 ? refuse(context.streams, false, invalid('maintain restore-offline takes flags only')) : restoreNow(flags, context),
};
