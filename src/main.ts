import { describeRefusal, refuse } from './cli/answer.ts';
import { exitCode } from './cli/exit-code.ts';
import { readGlobalFlags, type GlobalFlags } from './cli/global-flags.ts';
import { streamsOf, type Streams } from './cli/streams.ts';
import { interruptionOf, type Interruption } from './commands/interruption.ts';
import type { Bank } from './commands/open-session.ts';
import { prepareProgram, tellError, versionOf, type Program } from './commands/prepare.ts';
import { progressOf } from './commands/progress.ts';
import type { Session } from './kit/session.ts';
import { openStage } from './tui/open-stage.ts';
import { whyNoScreen } from './tui/terminal/ability.ts';
import type { Terminal } from './tui/terminal/terminal.ts';

const root = new URL('..', import.meta.url);

/** What goes on beside the screen from the first sign-in on, for whoever is signed in at the time. */
const workBeside = ({ config, migrations, channels, log }: Program, signal: AbortSignal) => {
  let busy: Promise<void> | undefined;
  let current: Session;
  const keepBusy = async (bank: Bank): Promise<void> => {
    const background = await import('./commands/background.ts');
    await background.keepBusy({ bank, session: () => current, config, migrations, channels, signal, log });
  };
  const begin = (bank: Bank, session: Session): void => {
    current = session;
    busy ??= keepBusy(bank); // unless somebody signed in again
  };
  return { begin, ended: () => busy };
};

const never = new Promise<never>(() => undefined);

/** Runs the screen on its stage. What opens the bank is loaded first: its server answers while the rest is. */
const runScreen = async (program: Program, stage: Terminal, onSession: (session: Session) => void): Promise<number> => {
  const { config, log } = program;
  const progress = progressOf();
  const end = new AbortController();
  const beside = workBeside(program, end.signal);
  const registry = () => import('./resources/registry.ts');
  const { openBank } = await import('./commands/open-session.ts');
  const opening = openBank({ ...program, registry, screen: true, onProgress: progress.tell });
  // A demo has somebody in it already; in a bank the gate asks who is there, and only its answer is a session
  const session = opening.then(bank => bank.session ?? never);
  const gate = opening.then(bank => (bank.session ? undefined : bank.gate));
  // A start that fails is told when there is somebody to tell it
  for (const started of [session, gate]) started.catch(() => undefined);
  const { runConsole } = await import('./tui/start.tsx');
  const code = await runConsole(stage, {
    registry: await registry(),
    session,
    gate,
    onSession: now => {
      onSession(now);
      void opening.then(bank => beside.begin(bank, now));
    },
    onProgress: progress.listen,
    home: config.home,
    log: log.write,
  });
  end.abort();
  const opened = await opening.catch(() => undefined); // the screen has told why
  await beside.ended();
  await opened?.close();
  return code;
};

/** The full screen. Its first frame waits for its terminal and for nothing else: all that is heavy is loaded behind it. */
const openScreen = async (program: Program): Promise<number> => {
  const { config, log } = program;
  let mayCopy = config.clipboard ?? false;
  let told = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  const stage = await openStage(process, {
    mayCopy: () => mayCopy,
    onStray: text => log.write('stray output', { text }),
    explain: error => {
      log.write('failed', { error });
      return told(error);
    },
  });
  try {
    const { explain } = await import('./commands/explain.ts');
    told = error => describeRefusal(explain(error).refusal);
    return await runScreen(program, stage, ({ environment }) => (mayCopy = config.clipboard ?? !environment.production));
  } catch (error) {
    // A part that cannot be loaded: told when the terminal is given back
    stage.end({ code: exitCode.failed, error });
    return (await stage.ended).code;
  }
};

const overview = (given: GlobalFlags): GlobalFlags => ({ ...given, rest: ['overview', 'list'] });

/** Goes to the screen where no words were given and there is one; without a terminal the overview is text. */
const run = async (given: GlobalFlags, streams: Streams, interruption: Interruption | undefined): Promise<number> => {
  const program = prepareProgram(given, process.env, root);
  try {
    if (!interruption) return await openScreen(program);
    const { runWords } = await import('./commands/program.ts');
    if (given.rest.length > 0 || given.help) return await runWords(program, given, streams, interruption);
    if (!process.stdout.isTTY || !process.stdin.isTTY) return await runWords(program, overview(given), streams, interruption);
    streams.say(`bursar: ${whyNoScreen(process)} Use the headless command instead: bursar overview list, or bursar help.`);
    return exitCode.usage;
  } catch (error) {
    program.log.write('failed', { error });
    throw error;
  }
};

const main = async (): Promise<number> => {
  const { stdin: input, stdout: output, stderr: errors, env: environment, argv } = process;
  const given = readGlobalFlags(argv.slice(2));
  const isBare = given.ok && given.value.rest.length === 0 && !given.value.help && !given.value.version;
  // The screen has signals of its own, because it must give the terminal back first
  const interruption = isBare && whyNoScreen(process) === undefined ? undefined : interruptionOf(process);
  const interrupt = (): void => void process.kill(process.pid, 'SIGINT');
  const streams = streamsOf({ input, output, errors, environment, signal: interruption?.signal, interrupt });
  if (!given.ok) return refuse(streams, false, given);
  try {
    if (!given.value.version) return await run(given.value, streams, interruption);
    await streams.write(`${versionOf(root)}\n`);
    return exitCode.done;
  } catch (error) {
    return interruption?.code() ?? (await tellError(error, streams, argv.includes('--json')));
  }
};

process.exit(await main());
