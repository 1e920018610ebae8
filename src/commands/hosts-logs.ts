import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { newsWords } from '../domain/host-news.ts';
import { logLevels } from '../domain/log-lines.ts';
import { LogRequest, mostLast } from '../domain/log-request.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { parseInput } from '../kit/form-fields.ts';
import { logsNeed } from '../kit/host-logs.ts';
import type { Session } from '../kit/session.ts';
import type { Command, CommandContext } from './command.ts';
import { withDemoHost } from './demo-host.ts';

type Flags = Readonly<Record<string, string>>;

const wishOf = ({ follow: _follow, ...flags }: Flags, { today }: Session): Outcome<LogRequest> => {
  const { level } = flags;
  const parsed = parseInput(LogRequest, level === undefined ? flags : { ...flags, level: level.toUpperCase() }, today());
  if (parsed.ok) return done(parsed.input);
  const objections = Object.entries(parsed.errors).map(([flag, objection]) => `--${flag} ${objection}`);
  return invalid(objections.join('; '), 'such as --hosts web1,web2 --file /var/log/syslog');
};

const read = async (session: Session, flags: Flags, { streams, signal }: CommandContext): Promise<number> => {
  const wish = wishOf(flags, session);
  if (!wish.ok) return refuse(streams, false, wish);
  if (!session.logs) return refuse(streams, false, logsNeed);
  const opened = await session.logs.open(wish.value);
  if (!opened.ok) return refuse(streams, false, opened);
  const { hosts, file: files } = wish.value;
  const width = Math.max(...hosts.map(name => name.length));
  const isRead = await opened.value.read({
    follow: flags['follow'] === 'yes',
    signal,
    // What a host says stands in a gutter and is never believed to be ours
    take: (host, file, line) => streams.write(`${host.padEnd(width)} ${files.length > 1 ? `${safe(file, { max: 60 })} ` : ''}| ${safe(line, { max: 4_000 })}\n`),
    tell: (host, news) => {
      const words = newsWords(news);
      if (words !== undefined) streams.say(`${host}: ${safe(words, { max: 600 })}`);
    },
  }); // prettier-ignore
  return isRead ? exitCode.done : exitCode.failed;
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
    { name: 'last', takes: 'LINES', help: `newest lines of each log to begin with, 10 unless named, ${mostLast} at most` },
    { name: 'follow', help: 'go on with what comes; a connection that breaks is made again, and no line is missing' },
  ],
  run: ({ words, flags }, context) =>
    words.length > 0
      ? Promise.resolve(refuse(context.streams, false, invalid('hosts logs takes flags only')))
      : context.withSession(session => withDemoHost(context, session.environment.demo, () => read(session, flags, context))),
};
