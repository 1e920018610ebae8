import { refuse } from '../cli/answer.ts';
import { parseArguments } from '../cli/arguments.ts';
import type { GlobalFlags } from '../cli/global-flags.ts';
import { printHelp, runHeadless } from '../cli/headless.ts';
import { commandNamed } from '../cli/help.ts';
import type { Streams } from '../cli/streams.ts';
import type { Session } from '../kit/session.ts';
import * as registry from '../resources/registry.ts';
import type { CommandContext } from './command.ts';
import type { Interruption } from './interruption.ts';
import { tellSteps } from './progress.ts';
import type { Patience } from './machine-wait.ts';
import type { Program } from './prepare.ts';
import type { Bank } from './open-session.ts';
import { SignInRefused } from './sign-in-refused.ts';

/** Opens the bank of a program. Prisma is loaded here and not before. */
const openProgramBank = async (program: Program, onProgress: (text: string) => void, unattended?: Patience): Promise<Bank> => {
  const { openBank } = await import('./open-session.ts');
  return openBank({ ...program, registry: async () => registry, screen: false, unattended, onProgress });
};

/** Work of whoever is signed in; refused where nobody is. */
const withBank = async <T>(
  program: Program,
  streams: Streams,
  work: (bank: Bank, session: Session) => Promise<T>,
  unattended?: Patience,
): Promise<T> => {
  const bank = await openProgramBank(program, tellSteps(streams.say), unattended);
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
  const manual = { registry, commands: commands.filter(({ applies }) => applies === undefined) };
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
