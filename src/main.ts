import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeRefusal, refuse } from './cli/answer.ts';
import { exitCode } from './cli/exit-code.ts';
import { readGlobalFlags, type GlobalFlags } from './cli/global-flags.ts';
import { streamsOf, type Streams } from './cli/streams.ts';
import { noLog, openLog, secretsOf, type Log } from './commands/debug-log.ts';
import { interruptionOf } from './commands/interruption.ts';
import { progressOf, tellSteps } from './commands/progress.ts';
import type { Config } from './config.ts';
import type { Registry, Session } from './kit/session.ts';
import { whyNoScreen } from './tui/terminal/ability.ts';

const root = new URL('..', import.meta.url);
const migrations = fileURLToPath(new URL('prisma/migrations', root));
const version = (): string => (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version;

type Program = { readonly config: Config; readonly given: GlobalFlags; readonly log: Log; readonly registry: Registry };

const openBank = async ({ config, registry, given }: Program, onProgress: (text: string) => void) => {
  const { openBank: open } = await import('./commands/open-session.ts');
  return open({ config, registry, migrations, readOnly: given.readOnly, onProgress });
};

/** The full screen. Its first frame does not wait for the database. */
const openScreen = async (program: Program): Promise<number> => {
  const { config, log, registry } = program;
  const [{ startConsole }, { explain }] = await Promise.all([import('./tui/start.tsx'), import('./commands/explain.ts')]);
  const progress = progressOf();
  const end = new AbortController();
  const opening = openBank(program, progress.tell).then(async bank => {
    const { keepBusy } = await import('./commands/background.ts');
    return { bank, busy: keepBusy(bank, config, end.signal, log) };
  });
  const code = await startConsole(process, {
    registry,
    session: opening.then(({ bank }) => bank.session),
    onProgress: progress.listen,
    home: config.home,
    log: log.write,
    terminal: { explain: error => describeRefusal(explain(error).refusal) },
  });
  end.abort();
  const opened = await opening.catch(() => undefined); // the screen has told why
  await opened?.busy;
  await opened?.bank.close();
  return code;
};

/** `bursar <words…>`: commands first, because `audit verify` is one and `audit list` is none. */
const runWords = async (program: Program, words: readonly string[], streams: Streams, signal: AbortSignal): Promise<number> => {
  const [{ commands }, { runHeadless, printHelp }] = await Promise.all([import('./commands/registry.ts'), import('./cli/headless.ts')]);
  const { config, given, log, registry } = program;
  const manual = { registry, commands };
  if (given.help || words[0] === 'help') return printHelp(manual, words[0] === 'help' ? words.slice(1) : words, streams);
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (command) {
    const { parseArguments } = await import('./cli/arguments.ts');
    const typed = parseArguments(words.slice(command.name.split(' ').length), command.flags);
    return typed.ok
      ? command.run(typed.value, { config, streams, migrations, signal, log })
      : refuse(streams, words.includes('--json'), typed);
  }
  const withSession = async (work: (session: Session) => Promise<number>) => {
    const bank = await openBank(program, tellSteps(streams.say));
    try {
      return await work(bank.session);
    } finally {
      await bank.close();
    }
  };
  return runHeadless(words, { ...manual, streams, signal, withSession });
};

/** Reads configuration and definitions, and goes to the screen where no words were given and there is one. */
const run = async (given: GlobalFlags, streams: Streams, signal: AbortSignal | undefined): Promise<number> => {
  const [{ readConfig }, { defaultHome }, registry] = await Promise.all([
    import('./config.ts'),
    import('./database/local/site.ts'),
    import('./resources/registry.ts'),
  ]);
  const config = readConfig(process.env, defaultHome(process.env));
  const log = given.debugLog === undefined ? noLog : openLog(given.debugLog, secretsOf(process.env, config.databaseUrl));
  log.write('start', { version: version(), node: process.version, words: given.rest.slice(0, 2) });
  const program = { config, given, log, registry };
  try {
    if (!signal) return await openScreen(program);
    if (given.rest.length > 0 || given.help) return await runWords(program, given.rest, streams, signal);
    if (!process.stdout.isTTY || !process.stdin.isTTY) return await runWords(program, ['overview', 'list'], streams, signal);
    streams.say(`bursar: ${whyNoScreen(process)} Use the headless command instead: bursar overview list, or bursar help.`);
    return exitCode.usage;
  } catch (error) {
    log.write('failed', { error });
    throw error;
  }
};

const main = async (): Promise<number> => {
  const { stdin: input, stdout: output, stderr: errors, env: environment, argv } = process;
  const given = readGlobalFlags(argv.slice(2));
  const isScreen =
    given.ok && given.value.rest.length === 0 && !given.value.help && !given.value.version && whyNoScreen(process) === undefined;
  // The screen has signals of its own, because it must give the terminal back first
  const interruption = isScreen ? undefined : interruptionOf(process);
  const streams = streamsOf({ input, output, errors, environment, signal: interruption?.signal });
  if (!given.ok) return refuse(streams, false, given);
  try {
    if (!given.value.version) return await run(given.value, streams, interruption?.signal);
    await streams.write(`${version()}\n`);
    return exitCode.done;
  } catch (error) {
    const interrupted = interruption?.code();
    if (interrupted !== undefined) return interrupted;
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return exitCode.done; // whoever read has seen enough
    const { explain } = await import('./commands/explain.ts');
    const { refusal, code } = explain(error);
    await refuse(streams, argv.includes('--json'), { ok: false, refusal });
    return code;
  }
};

process.exit(await main());
