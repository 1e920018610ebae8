import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { LogFiles, lineFilter, logLevels, whyNotRead, type LogLevel } from '../domain/log-lines.ts';
import { done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { ListedHost } from '../kit/hosts.ts';
import type { Session } from '../kit/session.ts';
import { hosts as hostsPane } from '../resources/hosts/index.ts';
import type { Command, CommandContext } from './command.ts';
import { followHosts } from './follow-hosts.ts';
import { credentialsOf } from './remote-credentials.ts';

type Flags = Readonly<Record<string, string>>;
type Wish = {
  readonly names: readonly string[];
  readonly files: readonly string[];
  readonly level: LogLevel | undefined;
  readonly words: string | undefined;
  readonly last: number;
  readonly follow: boolean;
};

const most = 2_000;

const wishOf = (flags: Flags): Outcome<Wish> => {
  const names = (flags['hosts'] ?? '').split(/[\s,]+/).filter(name => name !== '');
  if (names.length === 0) return invalid('--hosts is missing', 'name hosts: --hosts web1,web2');
  const files = LogFiles.safeParse(flags['file'] ?? '');
  if (!files.success) return invalid('--file names logs by their whole path', 'such as --file /var/log/syslog');
  const level = logLevels.find(known => known === flags['level']?.toUpperCase());
  if (flags['level'] !== undefined && level === undefined) return invalid(`--level is one of ${logLevels.join(', ')}`);
  const last = Number(flags['last'] ?? '10');
  if (!Number.isInteger(last) || last < 0 || last > most) return invalid(`--last is a number of lines up to ${most}`);
  return done({ names: [...new Set(names)], files: files.data, level, words: flags['words'], last, follow: flags['follow'] === 'yes' });
};

const listed = async (session: Session, { names, files }: Wish): Promise<Outcome<readonly ListedHost[]>> => {
  const objection = whyNotRead(files, session.environment.platform?.logs ?? []);
  if (objection !== undefined) return forbidden(objection, 'an administrator names it in config.json: platform.logs');
  if (!session.hosts)
    return forbidden('reading logs of hosts needs the permission host.use', 'ask an administrator for a role that has it');
  const found = await session.hosts.list(names);
  const missing = names.find(name => !found.some(host => host.name === name));
  return missing === undefined
    ? done(found)
    : notFound(`there is no host ${safe(missing, { max: 60 })} in use`, 'look them up with: bursar hosts list');
};

const run = async (flags: Flags, { streams, config, signal, withSession }: CommandContext): Promise<number> => {
  const stop = (refusal: Outcome<never>): Promise<number> | number => refuse(streams, false, refusal);
  const wish = wishOf(flags);
  if (!wish.ok) return stop(wish);
  const credentials = credentialsOf(config);
  if (!credentials.ok) return stop(credentials);
  return withSession(async session => {
    const hosts = await listed(session, wish.value);
    if (!hosts.ok) return stop(hosts);
    const { files, level, words, last, follow, names } = wish.value;
    await session.recordExport(
      hostsPane,
      `logs ${files.join(' ')} of ${names.join(' ')}${level === undefined ? '' : ` level ${level}`}`,
      0,
    );
    const width = Math.max(...names.map(name => name.length));
    const isRead = await followHosts(hosts.value, {
      credentialsFor: credentials.value, files, last, follow, signal, say: line => streams.say(line), fits: lineFilter({ level, words }),
      // What a host says stands in a gutter and is never believed to be ours
      take: (host, file, line) => streams.write(`${host.padEnd(width)} ${files.length > 1 ? `${safe(file, { max: 60 })} ` : ''}| ${safe(line, { max: 4_000 })}\n`),
    }); // prettier-ignore
    return isRead ? exitCode.done : exitCode.failed;
  });
};

/** `bursar hosts logs --hosts a,b --file … [--level ERROR] [--words …] [--follow]`. */
export const hostsLogsCommand: Command = {
  name: 'hosts logs',
  summary:
    'show the newest lines of logs of several hosts, and with --follow what comes; Ctrl+C ends it, and leaves nothing running on them',
  flags: [
    { name: 'hosts', takes: 'NAMES', help: 'hosts of the inventory, with commas' },
    { name: 'file', takes: 'PATHS', help: 'logs by their whole path: under /var/log, or named in platform.logs' },
    { name: 'level', takes: 'LEVEL', help: `only lines with ${logLevels.join(', ')}` },
    { name: 'words', takes: 'WORDS', help: 'only lines that hold the words' },
    { name: 'last', takes: 'LINES', help: `newest lines of each log to begin with, 10 unless named, ${most} at most` },
    { name: 'follow', help: 'go on with what comes; a connection that breaks is made again, and no line is missing' },
  ],
  run: ({ words, flags }, context) =>
    words.length > 0 ? Promise.resolve(refuse(context.streams, false, invalid('hosts logs takes flags only'))) : run(flags, context),
};
