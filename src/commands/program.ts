import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { refuse } from '../cli/answer.ts';
import { parseArguments } from '../cli/arguments.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { GlobalFlags } from '../cli/global-flags.ts';
import { printHelp, runHeadless } from '../cli/headless.ts';
import { commandNamed } from '../cli/help.ts';
import type { Streams } from '../cli/streams.ts';
import { readConfig, type Config } from '../config.ts';
import { defaultHome } from '../database/local/site.ts';
import type { Registry, Session } from '../kit/session.ts';
import type { Channels } from '../notices/channel.ts';
import { actions, resources } from '../resources/registry.ts';
import type { CommandContext } from './command.ts';
import type { Interruption } from './interruption.ts';
import { noLog, openLog, secretsOf, type Log } from './debug-log.ts';
import { tellSteps } from './progress.ts';
import type { Patience } from './machine-wait.ts';
import type { Bank } from './open-session.ts';
import { SignInRefused } from './sign-in-refused.ts';

/** What every front end starts from. */
export type Program = {
  readonly config: Config;
  readonly registry: Registry;
  readonly migrations: string;
  readonly readOnly: boolean;
  readonly as: string | undefined;
  readonly log: Log;
  /** The ways out for notices, as they are set up. Loaded when somebody sends. */
  readonly channels: () => Promise<Channels>;
};

/** The version of the package at the root. */
export const versionOf = (root: URL): string =>
  (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version;

/** Reads configuration and definitions; opens nothing but the log. */
export const prepareProgram = (given: GlobalFlags, environment: NodeJS.ProcessEnv, root: URL): Program => {
  const config = readConfig(environment, defaultHome(environment));
  const log = given.debugLog === undefined ? noLog : openLog(given.debugLog, secretsOf(environment));
  log.write('start', { version: versionOf(root), node: process.version, words: given.rest.slice(0, 2) });
  return {
    config,
    registry: { resources, actions },
    migrations: fileURLToPath(new URL('prisma/migrations', root)),
    readOnly: given.readOnly,
    as: given.as,
    log,
    channels: async () => {
      if (Object.keys(config.notices).length === 0) return new Map();
      const { channelsFrom } = await import('../notices/channel-settings.ts');
      return channelsFrom(config.notices, environment);
    },
  };
};

/** Opens the bank of a program. Prisma is loaded here and not before. */
export const openProgramBank = async (
  program: Program,
  screen: boolean,
  onProgress: (text: string) => void,
  unattended?: Patience,
): Promise<Bank> => {
  const { openBank } = await import('./open-session.ts');
  return openBank({ ...program, screen, unattended, onProgress });
};

/** Work of whoever is signed in; refused where nobody is. */
const withBank = async <T>(
  program: Program,
  streams: Streams,
  work: (bank: Bank, session: Session) => Promise<T>,
  unattended?: Patience,
): Promise<T> => {
  const bank = await openProgramBank(program, false, tellSteps(streams.say), unattended);
  try {
    if (!bank.session)
      throw new SignInRefused({ kind: 'forbidden', message: 'nobody is signed in', next: 'sign in with "bursar login NAME"' });
    return await work(bank, bank.session);
  } finally {
    await bank.close();
  }
};

/** The wish that a command ends, and how a command says that it then ends itself. */
type Asked = Pick<Interruption, 'signal'> & Partial<Pick<Interruption, 'endsItself'>>;

/** `bursar <words…>`: commands first, because `audit verify` is one and `audit list` is none. Returns the exit code. */
export const runWords = async (program: Program, given: GlobalFlags, streams: Streams, interruption: Asked): Promise<number> => {
  const { signal, endsItself } = interruption;
  const { commands } = await import('./registry.ts');
  const manual = { registry: program.registry, commands: commands.filter(({ applies }) => applies === undefined) };
  const { rest: words } = given;
  if (given.help || words[0] === 'help') return printHelp(manual, words[0] === 'help' ? words.slice(1) : words, streams);
  const command = commandNamed(commands, words);
  const withSession: CommandContext['withSession'] = work => withBank(program, streams, (_bank, session) => work(session));
  const patience: Patience = { signal, say: streams.say, onError: error => program.log.write('looking for the key failed', { error }) };
  const context: CommandContext = {
    ...program,
    streams,
    signal,
    withSession,
    withBank: (work, unattended = false) => withBank(program, streams, work, unattended ? patience : undefined),
  };
  if (command && (command.applies === undefined || (await command.applies(context)))) {
    const typed = parseArguments(words.slice(command.name.split(' ').length), command.flags);
    if (command.endsItself) endsItself?.();
    return typed.ok ? command.run(typed.value, context) : refuse(streams, words.includes('--json'), typed);
  }
  return runHeadless(words, {
    ...manual,
    streams,
    signal,
    withSession,
  });
};

/** Tells an error that nobody answered for, in a line; all of it goes to the log. */
export const tellError = async (error: unknown, streams: Streams, json: boolean): Promise<number> => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return exitCode.done; // whoever read has seen enough
  const { explain } = await import('./explain.ts');
  const { refusal, code } = explain(error);
  await refuse(streams, json, { ok: false, refusal });
  return code;
};
