import { describeRefusal, refuse } from './cli/answer.ts';
import { exitCode } from './cli/exit-code.ts';
import { readGlobalFlags, type GlobalFlags } from './cli/global-flags.ts';
import { streamsOf, type Streams } from './cli/streams.ts';
import { interruptionOf, type Interruption } from './commands/interruption.ts';
import type { Bank } from './commands/open-session.ts';
import { openProgramBank, prepareProgram, runWords, tellError, versionOf, type Program } from './commands/program.ts';
import { progressOf } from './commands/progress.ts';
import type { Gate } from './kit/gate.ts';
import type { Session } from './kit/session.ts';
import { whyNoScreen } from './tui/terminal/ability.ts';

const root = new URL('..', import.meta.url);

/** What goes on beside the screen from the first sign-in on, for whoever is signed in at the time. */
const workBeside = ({ config, migrations, channels, log }: Program, signal: AbortSignal) => {
  const busy: Promise<void>[] = [];
  let current: Session;
  const begin = async (bank: Bank, session: Session): Promise<void> => {
    current = session;
    if (busy.length > 0) return; // somebody signed in again
    const { keepBusy } = await import('./commands/background.ts');
    busy.push(keepBusy({ bank, session: () => current, config, migrations, channels, signal, log }));
  };
  return { begin, ended: () => Promise.all(busy) };
};

/** The full screen. Its first frame does not wait for the database. */
const openScreen = async (program: Program): Promise<number> => {
  const { config, log, registry } = program;
  const [{ startConsole }, { explain }] = await Promise.all([import('./tui/start.tsx'), import('./commands/explain.ts')]);
  const progress = progressOf();
  const end = new AbortController();
  const opening = openProgramBank(program, true, progress.tell);
  let mayCopy = config.clipboard ?? false;
  const beside = workBeside(program, end.signal);
  const begin = (bank: Bank, session: Session): Promise<void> => {
    mayCopy = config.clipboard ?? !session.environment.production;
    return beside.begin(bank, session);
  };
  // A demo has somebody in it already; in a bank the gate asks who is there, and only its answer is a session
  const session = opening.then(async bank => {
    if (!bank.session) return new Promise<Session>(() => undefined);
    await begin(bank, bank.session);
    return bank.session;
  });
  const gate = opening.then((bank): Gate | undefined => {
    if (bank.session) return undefined;
    const signIn: Gate['signIn'] = async (...given) => {
      const outcome = await bank.gate.signIn(...given);
      if (outcome.ok) await begin(bank, outcome.value);
      return outcome;
    };
    return { ...bank.gate, signIn };
  });
  const code = await startConsole(process, {
    registry,
    session,
    gate,
    onSession: now => void opening.then(bank => begin(bank, now)),
    onProgress: progress.listen,
    home: config.home,
    log: log.write,
    terminal: {
      mayCopy: () => mayCopy,
      onStray: text => log.write('stray output', { text }),
      explain: error => {
        log.write('failed', { error });
        return describeRefusal(explain(error).refusal);
      },
    },
  });
  end.abort();
  const opened = await opening.catch(() => undefined); // the screen has told why
  await beside.ended();
  await opened?.close();
  return code;
};

const overview = (given: GlobalFlags): GlobalFlags => ({ ...given, rest: ['overview', 'list'] });

/** Goes to the screen where no words were given and there is one; without a terminal the overview is text. */
const run = async (given: GlobalFlags, streams: Streams, interruption: Interruption | undefined): Promise<number> => {
  const program = prepareProgram(given, process.env, root);
  try {
    if (!interruption) return await openScreen(program);
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
