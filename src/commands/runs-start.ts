import { act } from '../cli/act.ts';
import { actionFlags, inputFlags } from '../cli/action-flags.ts';
import { refuse } from '../cli/answer.ts';
import type { Arguments } from '../cli/arguments.ts';
import { exitCode } from '../cli/exit-code.ts';
import { unknownWord } from '../cli/help.ts';
import { invalid } from '../domain/outcome.ts';
import type { AnyAction } from '../kit/define-action.ts';
import type { Session } from '../kit/session.ts';
import { runs } from '../resources/runs/index.ts';
import { runbookActions } from '../runbooks/registry.ts';
import type { Command, CommandContext } from './command.ts';
import { withDemoHost } from './demo-host.ts';
import { followAndTell } from './runs-follow.ts';

const idOf = ({ id }: AnyAction): string => id.slice(id.indexOf('.') + 1);

/** Asks for the run as the verb of its runbook does, and follows it where that is wanted. */
const start = async (action: AnyAction, typed: Arguments, session: Session, context: CommandContext): Promise<number> => {
  const { follow, ...flags } = typed.flags;
  let number: string | undefined;
  const listening: Session = {
    ...session,
    run: async (...request) => {
      const outcome = await session.run(...request);
      if (outcome.ok) number = outcome.value.target.id;
      return outcome;
    },
  };
  const code = await act({ resource: runs, action, typed: { words: typed.words, flags } }, listening, context.streams, context.signal);
  if (follow !== 'yes' || code !== exitCode.done || number === undefined) return code;
  return followAndTell(session, BigInt(number), flags['json'] === 'yes', context);
};

const startCommand = (action: AnyAction): Command => ({
  name: `runs start ${idOf(action)}`,
  summary: action.title.toLowerCase(),
  flags: [
    ...inputFlags(action),
    ...actionFlags(action),
    { name: 'follow', help: 'execute it where nobody does, and follow it to its end' },
  ],
  // One line of help speaks for all of them
  applies: async () => true,
  // A demo's host is in the inventory once it was served
  run: (typed, context) =>
    context.withSession(session => withDemoHost(context, session.environment.demo, () => start(action, typed, session, context))),
});

/** `bursar runs start RUNBOOK --…`: the verbs of `bursar runs` by another name, with `--follow`. */
export const runsStartCommands: readonly Command[] = [
  ...runbookActions.map(startCommand),
  {
    name: 'runs start',
    summary: 'RUNBOOK: ask for a run with the flags of its verb (bursar help runs RUNBOOK); --follow executes it and follows it to its end',
    flags: [{ name: 'json', help: 'one JSON document' }],
    run: async ({ words, flags }, { streams }) => {
      const [word = ''] = words;
      const known = runbookActions.map(idOf);
      return refuse(
        streams,
        flags['json'] === 'yes',
        word === '' ? invalid('which runbook?', `one of ${known.join(', ')}`) : unknownWord(word, 'runbook', known),
      );
    },
  },
];
