import { done, invalid, type Outcome } from '../domain/outcome.ts';
import type { AnyAction } from '../kit/define-action.ts';
import { fieldsOf, type FormField } from '../kit/form-fields.ts';
import type { Typed } from '../kit/request.ts';
import type { Flag } from './arguments.ts';
import type { Streams } from './streams.ts';

export const dashed = (key: string): string => key.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

/** The variable a secret is read from. */
const variableOf = (key: string): string => `BURSAR_${dashed(key).replaceAll('-', '_').toUpperCase()}`;

const placeholders: Partial<Record<FormField['kind'], string>> = { day: 'DAY', choice: 'WORD' };

const helpOf = ({ title, kind, choices, required, initial }: FormField): string =>
  [
    title.toLowerCase(),
    kind === 'choice' && `: ${choices.map(choice => (/\s/.test(choice) ? `"${choice}"` : choice)).join(', ')}`,
    kind === 'day' && ': 2026-11-20, today or "in 7 days"',
    required ? '; must be given' : initial === '' ? '; may be left out' : `; ${initial} unless said`,
  ]
    .filter(Boolean)
    .join('');

const flagOf = (field: FormField): Flag => {
  const name = dashed(field.key);
  if (field.kind === 'secret')
    return {
      name,
      help: `${field.title.toLowerCase()}: a secret, read from ${variableOf(field.key)} or asked for`,
      secret: variableOf(field.key),
    };
  return { name, help: helpOf(field), ...(field.kind === 'yes-no' ? {} : { takes: placeholders[field.kind] ?? 'TEXT' }) };
};

const asked = (action: AnyAction): readonly FormField[] => fieldsOf(action.input).filter(field => !field.hidden);

/** Whether the action is done to a record, or makes one. */
export const takesRecord = (action: AnyAction): boolean => fieldsOf(action.input).some(field => field.key === 'id');

/** The flags that an action's own schema asks for. */
export const inputFlags = (action: AnyAction): readonly Flag[] => asked(action).map(flagOf);

const confirmHelp = {
  plain: '',
  typed: 'what a person would have to type, as --dry-run says it: what is changed, or the number of records',
  'typed-twice':
    'what a person would have to type, as --dry-run says it: what is changed and the environment, such as "db1 bank production"',
} as const;

/** The flags that every action has. */
export const actionFlags = (action: AnyAction): readonly Flag[] => [
  { name: 'dry-run', help: 'show what would happen and change nothing' },
  { name: 'yes', help: 'do it without asking' },
  { name: 'reason', takes: 'TEXT', help: 'why you write now: opens a write window for this command; BURSAR_REASON says it for many' },
  ...(action.danger === 'plain' ? [] : [{ name: 'confirm', takes: 'WORDS', help: confirmHelp[action.danger] }]),
  ...(takesRecord(action) ? [{ name: 'filter', takes: 'TEXT', help: 'all records that the filter finds, instead of named ones' }] : []),
  { name: 'request', takes: 'UUID', help: 'the key of this request: repeated with it, the first result is given again' },
  { name: 'json', help: 'one JSON document' },
];

/** The input of an action as it was typed, by the keys of its schema. */
export const typedFrom = (action: AnyAction, flags: Readonly<Record<string, string>>): Typed =>
  Object.fromEntries(asked(action).flatMap(({ key }) => (flags[dashed(key)] === undefined ? [] : [[key, flags[dashed(key)] ?? '']])));

/** Reads the secrets of an action, from the environment or from the person. */
export const readSecrets = async (action: AnyAction, streams: Streams): Promise<Outcome<Typed>> => {
  const secrets: Record<string, string> = {};
  for (const { key, title, required } of asked(action).filter(field => field.kind === 'secret')) {
    const variable = variableOf(key);
    const given = streams.environment[variable] ?? (required ? await streams.ask?.(`${title}: `, { hidden: true }) : undefined);
    if (given !== undefined) secrets[key] = given;
    else if (required) return invalid(`${title} is missing`, `set ${variable}, or run the command at a terminal and be asked`);
  }
  return done(secrets);
};
