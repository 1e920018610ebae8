import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { nearest } from '../domain/nearest.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyAction } from '../kit/define-action.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import { noteOn } from '../kit/notes.ts';
import type { Registry } from '../kit/session.ts';
import { actionFlags, inputFlags, takesRecord } from './action-flags.ts';
import type { Flag } from './arguments.ts';
import { listFlags } from './list-request.ts';
import { showFlags } from './show.ts';

/** A command that is no pane and no action, as help needs it. */
export type CommandHelp = {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Only where no word follows: with more words its name is that of a resource. */
  readonly alone?: true;
  /** Another command's help speaks for it in the overview. */
  readonly unlisted?: true;
  /** What its help says after its flags. */
  readonly more?: () => readonly string[];
};

/** The command that some words begin with. */
export const commandNamed = <C extends CommandHelp>(commands: readonly C[], words: readonly string[]): C | undefined =>
  commands.find(({ name, alone }) => {
    const length = name.split(' ').length;
    return name === words.slice(0, length).join(' ') && (!alone || words.slice(length).every(word => word.startsWith('-')));
  });

/** Everything that can be asked for. */
export type Manual = { readonly registry: Registry; readonly commands: readonly CommandHelp[] };

/** Flags that stand before or behind everything. */
export const globalFlags: readonly Flag[] = [
  { name: 'read-only', help: 'connect as the reader, who cannot change anything' },
  { name: 'as', takes: 'ROLE', help: 'in a demo: act as the demo operator who has that role, such as manager' },
  { name: 'debug-log', takes: 'FILE', help: 'write what happens to a file; never a secret' },
  { name: 'help', help: 'explain a command instead of running it' },
  { name: 'version', help: 'print the version' },
];

const boundBy = ({ actions, general = {} }: AnyResource): ReadonlySet<string> =>
  new Set([...Object.values(actions), ...Object.values(general)].map(({ action }) => action));

/** A note is written where its record is: with the word `note`, and nowhere by itself. */
const notingOn = ({ actions }: Registry, resource: AnyResource): readonly (readonly [verb: string, AnyAction])[] => {
  const noting = actions.find(({ id }) => id === noteOn(resource)?.action);
  return noting ? [['note', noting]] : [];
};

/** Every runbook is asked for as a run, whichever panes have a key for it; one for a record, where its records are. */
const isRunbookOf = (action: AnyAction, resource: AnyResource): boolean =>
  resource.entity === 'run' && action.id.startsWith('runbooks.') && !takesRecord(action);

/** The verbs of a resource: its own actions and those that its keys do, by the last part of their ids. */
export const verbsOf = (registry: Registry, resource: AnyResource): ReadonlyMap<string, AnyAction> => {
  const bound = boundBy(resource);
  const found = registry.actions.filter(
    action =>
      (action.id.startsWith(`${resource.id}.`) && action.id !== 'notes.add') || bound.has(action.id) || isRunbookOf(action, resource),
  );
  return new Map([...found.map(action => [action.id.slice(action.id.indexOf('.') + 1), action] as const), ...notingOn(registry, resource)]);
};

/** A resource by its name or an alias. */
export const resourceNamed = ({ resources }: Registry, word: string): AnyResource | undefined =>
  resources.find(({ id, aliases }) => id === word || aliases.includes(word));

/** Says that a word means nothing, and which was probably meant. */
export const unknownWord = (word: string, what: string, known: readonly string[]): Outcome<never> => {
  const meant = nearest(word, known);
  return invalid(`there is no ${what} "${safe(word, { max: 40 })}"`, meant ? `did you mean ${meant}?` : `there are ${known.join(', ')}`);
};

export const twoColumns = (rows: readonly (readonly [string, string])[]): readonly string[] => {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
};

const flagLines = (flags: readonly Flag[]): readonly string[] =>
  twoColumns(flags.map(({ name, takes, help, secret }) => [secret ? `(${secret})` : `--${name}${takes ? ` ${takes}` : ''}`, help]));

const overview = ({ registry, commands }: Manual): readonly string[] => [
  'bursar                                 the full-screen console',
  'bursar RESOURCE list [FILTER...]       records, as a table, --json or --csv',
  'bursar RESOURCE show NAME              one record',
  'bursar RESOURCE VERB NAME... [FLAGS]   change records: --dry-run looks, --yes does it without asking',
  'bursar help [RESOURCE [VERB]]          what there is, and every flag',
  '',
  'Resources and their verbs',
  ...twoColumns(registry.resources.map(resource => [resource.id, ['list', 'show', ...verbsOf(registry, resource).keys()].join(', ')])),
  '',
  'Commands',
  ...twoColumns(commands.filter(({ unlisted }) => !unlisted).map(({ name, summary }) => [name, summary])),
  '',
  'Everywhere',
  ...flagLines(globalFlags),
  '',
  'Exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 waiting for approval, 5 unknown.',
  'Standard output is data; messages go to standard error.',
];

const resourceHelp = (registry: Registry, resource: AnyResource): readonly string[] => {
  const fields = Object.entries(resource.page.fields).map(([name, { kind, choices, sortable }]): readonly [string, string] => [
    name,
    [choices?.join(', ') ?? kind, sortable && 'sorts'].filter(Boolean).join('; '),
  ]);
  return [
    `bursar ${resource.id} list [FILTER...]   ${resource.title.toLowerCase()}${resource.aliases.length > 0 ? `; also called ${resource.aliases.join(', ')}` : ''}`,
    ...flagLines(listFlags),
    '',
    `bursar ${resource.id} show NAME`,
    ...flagLines(showFlags),
    '',
    'Verbs',
    ...twoColumns([...verbsOf(registry, resource)].map(([verb, action]) => [verb, action.title])),
    '',
    'Filters: field=value, field!=value, field>value, field:part, from..to, !negated, or words to search for',
    ...twoColumns(fields),
  ];
};

const dangers = {
  plain: '',
  typed: '; must be confirmed by typing what is changed',
  'typed-twice': '; must be confirmed by typing what is changed, and the environment',
} as const;

/** Who may do it and what it takes beside a yes. */
export const needsOf = (action: AnyAction): readonly string[] => [
  `  needs the permission ${action.permission}${action.eyes === 2 ? ' and a second person' : ''}${dangers[action.danger]}`,
  ...(action.irreversible === undefined ? [] : [`  ${action.irreversible}`]),
];

const verbHelp = (resource: AnyResource, verb: string, action: AnyAction): readonly string[] => [
  `bursar ${resource.id} ${verb}${takesRecord(action) ? ' NAME...' : ''} [FLAGS]   ${action.title}`,
  ...needsOf(action),
  '',
  ...flagLines([...inputFlags(action), ...actionFlags(action)]),
];

/** The help for some words, or a refusal that says what was probably meant. */
export const helpFor = (manual: Manual, words: readonly string[]): Outcome<string> => {
  const [first, second] = words;
  const text = (lines: readonly string[]) => done(`${lines.join('\n')}\n`);
  if (first === undefined) return text(overview(manual));
  const command = commandNamed(manual.commands, words);
  const resource = resourceNamed(manual.registry, first);
  if (command) {
    // What is a command by itself may be a pane with verbs as well
    const more = command.name === resource?.id ? ['', ...resourceHelp(manual.registry, resource)] : [];
    return text([`bursar ${command.name}   ${command.summary}`, ...flagLines(command.flags), ...(command.more?.() ?? []), ...more]);
  }
  if (!resource)
    return unknownWord(first, 'resource or command', [
      ...manual.registry.resources.map(({ id }) => id),
      ...manual.commands.flatMap(({ name, unlisted }) => (unlisted ? [] : [name])),
    ]);
  if (second === undefined || second === 'list' || second === 'show') return text(resourceHelp(manual.registry, resource));
  const verbs = verbsOf(manual.registry, resource);
  const action = verbs.get(second);
  return action
    ? text(verbHelp(resource, second, action))
    : unknownWord(second, `verb of ${resource.id}`, ['list', 'show', ...verbs.keys()]);
};
