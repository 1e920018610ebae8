import { act } from '../cli/act.ts';
import { actionFlags, dashed, inputFlags, takesRecord } from '../cli/action-flags.ts';
import { refuse } from '../cli/answer.ts';
import type { Arguments } from '../cli/arguments.ts';
import { exitCode } from '../cli/exit-code.ts';
import { needsOf, twoColumns } from '../cli/help.ts';
import { nearestFew } from '../domain/nearest.ts';
import { invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyAction } from '../kit/define-action.ts';
import { fieldsOf } from '../kit/form-fields.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import type { Session } from '../kit/session.ts';
import { resources } from '../resources/registry.ts';
import { runs } from '../resources/runs/index.ts';
import { runbookActions } from '../runbooks/registry.ts';
import type { Command, CommandContext } from './command.ts';
import { withDemoHost } from './demo-host.ts';
import { followAndTell } from './runs-follow.ts';

const idOf = ({ id }: AnyAction): string => id.slice(id.indexOf('.') + 1);

/** Where the record that it is for is looked for; what is for none is asked for as a run. */
const resourceFor = (action: AnyAction): AnyResource =>
  (takesRecord(action)
    ? resources.find(({ actions }) => Object.values(actions).some(binding => binding.action === action.id))
    : undefined) ?? runs;

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
  const code = await act(
    { resource: resourceFor(action), action, typed: { words: typed.words, flags } },
    listening,
    context.streams,
    context.signal,
  );
  if (follow !== 'yes' || code !== exitCode.done || number === undefined) return code;
  return followAndTell(session, BigInt(number), flags['json'] === 'yes', context);
};

/** What a field might be filled in with, where its name does not say it. */
const examples: Readonly<Record<string, string>> = {
  host: 'db1', hosts: 'web1,web2', note: '"before the release"', service: 'nginx', database: 'bank', policy: 'all', file: '/var/log/bank/app.log',
  backup: '20261121T020000Z-nightly', name: '20261121T020000Z-nightly', old: 'bank_old_20261121020000',
}; // prettier-ignore

const exampleOf = (action: AnyAction): string => {
  const given = fieldsOf(action.input).filter(({ required, hidden }) => required && !hidden);
  const flags = given.map(({ key, choices }) => `--${dashed(key)} ${examples[key] ?? choices[0] ?? 'TEXT'}`);
  return ['bursar runs start', idOf(action), ...(takesRecord(action) ? ['12'] : []), ...flags].join(' ');
};

const startCommand = (action: AnyAction): Command => ({
  name: `runs start ${idOf(action)}`,
  summary: `${takesRecord(action) ? 'NUMBER: ' : ''}${action.title.toLowerCase()}`,
  flags: [
    ...inputFlags(action),
    ...actionFlags(action),
    { name: 'follow', help: 'execute it where nobody does, and follow it to its end' },
  ],
  // One line of help speaks for all of them
  unlisted: true,
  more: () => [
    '',
    ...needsOf(action),
    '',
    `  ${exampleOf(action)} --dry-run`,
    ...(action.danger === 'plain' ? [`  ${exampleOf(action)} --yes --follow`] : []),
  ],
  // A demo's host is in the inventory once it was served
  run: (typed, context) =>
    context.withSession(session => withDemoHost(context, session.environment.demo, () => start(action, typed, session, context))),
});

const known = runbookActions.map(idOf);

const unknownRunbook = (word: string): Outcome<never> => {
  if (word === '') return invalid('which runbook?', `one of ${known.join(', ')}`);
  const meant = nearestFew(word, known);
  return invalid(
    `there is no runbook "${safe(word, { max: 40 })}"`,
    meant.length > 0 ? `did you mean ${meant.join(', ')}?` : 'see them with: bursar runs start --help',
  );
};

/** `bursar runs start RUNBOOK --…`: the verbs of `bursar runs` by another name, with `--follow`. */
export const runsStartCommands: readonly Command[] = [
  ...runbookActions.map(startCommand),
  {
    name: 'runs start',
    summary: 'RUNBOOK: ask for a run (bursar runs start RUNBOOK --help); --follow executes it and follows it to its end',
    flags: [{ name: 'json', help: 'one JSON document' }],
    more: () => [
      '',
      'Runbooks (bursar runs start RUNBOOK --help says what each takes)',
      ...twoColumns(runbookActions.map(action => [idOf(action), `${action.title}${action.eyes === 2 ? '; two people' : ''}`])),
    ],
    run: async ({ words, flags }, { streams }) => refuse(streams, flags['json'] === 'yes', unknownRunbook(words[0] ?? '')),
  },
];
