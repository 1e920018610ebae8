import { addDays, parseDay, parseSpan, type Day } from './day.ts';
import { parseAmount } from './money.ts';
import { nearest } from './nearest.ts';
import { done, invalid, type Outcome } from './outcome.ts';

/** What can be asked about a field. Bounds are inclusive; amounts are minor units, days the bank's. */
type Value =
  | { readonly kind: 'text'; readonly text: string; readonly exact: boolean }
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'amount'; readonly from?: bigint; readonly to?: bigint }
  | { readonly kind: 'days'; readonly from?: Day; readonly to?: Day }
  | { readonly kind: 'last'; readonly seconds: number }
  | { readonly kind: 'flag'; readonly is: boolean };

/** One condition of a filter; `typed` is how the person wrote it. */
export type Term = { readonly field: string; readonly not: boolean; readonly value: Value; readonly typed: string };

type FieldKind = 'text' | 'number' | 'money' | 'time' | 'choice' | 'flag';

/** What the grammar must know of a field. */
export type FieldShape = {
  readonly kind: FieldKind;
  readonly choices?: readonly string[];
  /** Fewer characters would be looked for in every row. */
  readonly shortest?: number;
};
export type FieldShapes = Readonly<Record<string, FieldShape>>;

/** The field that words without a field name search, and the one that `since=` means. */
export type FilterContext = { readonly today: Day; readonly currency: string; readonly since?: string };

const longestFilter = 500;

type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<=' | ':';

/** Splits on blanks outside double quotes; undefined when a quote is left open. */
const wordsOf = (text: string): readonly string[] | undefined => {
  const words = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return words.join('').split('"').length % 2 === 1 && text.split('"').length % 2 === 1 ? words : undefined;
};

const unquoted = (text: string): string => text.replaceAll('"', '');

const bounds = <T>(comparison: Comparison, value: T, before: (value: T) => T, after: (value: T) => T): { from?: T; to?: T } => {
  switch (comparison) {
    case '>':
      return { from: after(value) };
    case '>=':
      return { from: value };
    case '<':
      return { to: before(value) };
    case '<=':
      return { to: value };
    default:
      return { from: value, to: value };
  }
};

/** Both ends of a range; an end left open is undefined. Undefined for what is no range. */
const rangeOf = (comparison: Comparison, text: string): Outcome<readonly [string, string]> | undefined => {
  const [low = '', high, ...rest] = text.split('..');
  if (high === undefined) return undefined;
  const isRange = rest.length === 0 && low + high !== '' && ['=', '!=', ':'].includes(comparison);
  return isRange ? done([low, high]) : invalid(`"${text}" is no range`, 'write it with = and two dots: amount=100..200');
};

const ends = <T>(from: T | undefined, to: T | undefined): { from?: T; to?: T } => ({
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});

/** One value or a range of them. */
const spanned = <T extends bigint | string>(
  comparison: Comparison,
  text: string,
  read: (text: string) => Outcome<T>,
  step: { before: (value: T) => T; after: (value: T) => T; wrong: string },
): Outcome<{ from?: T; to?: T }> => {
  const range = rangeOf(comparison, text);
  if (!range) {
    const only = read(text);
    return only.ok ? done(bounds(comparison, only.value, step.before, step.after)) : only;
  }
  if (!range.ok) return range;
  const [lowText, highText] = range.value;
  const low = lowText === '' ? done(undefined) : read(lowText);
  if (!low.ok) return low;
  const high = highText === '' ? done(undefined) : read(highText);
  if (!high.ok) return high;
  const isTurned = low.value !== undefined && high.value !== undefined && low.value > high.value;
  return isTurned ? invalid(`${lowText} lies ${step.wrong} ${highText}`) : done(ends(low.value, high.value));
};

const amountValue = (comparison: Comparison, text: string, unit: (text: string) => Outcome<bigint>): Outcome<Value> => {
  const step = { before: (value: bigint) => value - 1n, after: (value: bigint) => value + 1n, wrong: 'above' };
  const limits = spanned(comparison, text, unit, step);
  return limits.ok ? done({ kind: 'amount', ...limits.value }) : limits;
};

const timeValue = (comparison: Comparison, text: string, today: Day): Outcome<Value> => {
  const span = parseSpan(text);
  if (span.ok) return done({ kind: 'last', seconds: span.value });
  const step = { before: (day: Day) => addDays(day, -1), after: (day: Day) => addDays(day, 1), wrong: 'after' };
  const limits = spanned(comparison, text, day => parseDay(day, today), step);
  return limits.ok ? done({ kind: 'days', ...limits.value }) : limits;
};

const integer = (text: string): Outcome<bigint> => (/^\d{1,18}$/.test(text) ? done(BigInt(text)) : invalid(`"${text}" is no whole number`));

const textValue = (shape: FieldShape, text: string, exact: boolean): Outcome<Value> =>
  !exact && text.length < (shape.shortest ?? 0)
    ? invalid(`"${text}" is too short to search for`, `write at least ${shape.shortest} characters`)
    : done({ kind: 'text', text, exact });

const valueOf = (name: string, shape: FieldShape, comparison: Comparison, text: string, context: FilterContext): Outcome<Value> => {
  const ordered = shape.kind === 'money' || shape.kind === 'number' || shape.kind === 'time';
  if (!ordered && !['=', '!=', ':'].includes(comparison)) return invalid(`${name} has no order`, `write ${name}=value`);
  switch (shape.kind) {
    case 'text':
      return textValue(shape, text, comparison !== ':');
    case 'money':
      return amountValue(comparison, text, amount => parseAmount(amount, context.currency));
    case 'number':
      return amountValue(comparison, text, integer);
    case 'time':
      return timeValue(comparison, text, context.today);
    case 'flag':
      if (text === 'yes' || text === 'no') return done({ kind: 'flag', is: text === 'yes' });
      return invalid(`${name} is yes or no, not "${text}"`);
    case 'choice': {
      const asked = text.split(',');
      const strange = asked.find(choice => !shape.choices?.includes(choice));
      return strange === undefined
        ? done({ kind: 'choices', choices: asked })
        : invalid(`${name} is never "${strange}"`, `it is one of ${shape.choices?.join(', ')}`);
    }
  }
};

const termOf = (word: string, shapes: FieldShapes, context: FilterContext): Outcome<Term> => {
  const turned = word.startsWith('!');
  const body = turned ? word.slice(1) : word;
  const match = /^([A-Za-z]+)(!=|>=|<=|=|>|<|:)(.*)$/.exec(body);
  if (!match) {
    if (!shapes['text']) return invalid('there is no text to search here', `filter by ${Object.keys(shapes).join(', ')}`);
    const value = textValue(shapes['text'], unquoted(body), false);
    return value.ok ? done({ field: 'text', not: turned, value: value.value, typed: word }) : value;
  }
  const [, typedName = '', sign = '=', rawText = ''] = match;
  const name = typedName === 'since' && context.since ? context.since : typedName;
  const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
  if (!shape) {
    const meant = nearest(typedName, Object.keys(shapes));
    const fields = `filter by ${Object.keys(shapes).join(', ')}`;
    return invalid(`there is no field ${typedName} here`, meant === undefined ? fields : `did you mean ${meant}? ${fields}`);
  }
  const text = unquoted(rawText);
  if (text === '') return invalid(`${typedName} needs a value`, `write ${typedName}=value`);
  // "since yesterday" means from then on, however the day is written
  const isSince = typedName === 'since' && ['=', '!=', ':'].includes(sign) && !text.includes('..');
  const comparison = isSince ? '>=' : (sign as Comparison);
  const value = valueOf(name, shape, comparison, text, context);
  return value.ok ? done({ field: name, not: turned !== (sign === '!='), value: value.value, typed: word }) : value;
};

/** Reads a filter: `status=frozen owner!=acme amount:100..200 since=1d !closed "two words"`. */
export const parseFilter = (text: string, shapes: FieldShapes, context: FilterContext): Outcome<readonly Term[]> => {
  if (text.length > longestFilter) return invalid(`a filter has at most ${longestFilter} characters`);
  const words = wordsOf(text);
  if (!words) return invalid('a quotation mark is left open', 'close it with "');
  const terms: Term[] = [];
  for (const word of words) {
    const term = termOf(word, shapes, context);
    if (!term.ok) return term;
    terms.push(term.value);
  }
  return done(terms);
};
