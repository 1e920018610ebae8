import { isDay, parseDay, parseSpan, type Day } from './day.ts';
import { parseAmount } from './money.ts';
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

const bounds = <T>(comparison: Comparison, low: T, high: T, before: (value: T) => T, after: (value: T) => T): { from?: T; to?: T } => {
  switch (comparison) {
    case '>':
      return { from: after(high) };
    case '>=':
      return { from: low };
    case '<':
      return { to: before(low) };
    case '<=':
      return { to: high };
    default:
      return { from: low, to: high };
  }
};

const amountValue = (comparison: Comparison, text: string, unit: (text: string) => Outcome<bigint>): Outcome<Value> => {
  const [lowText = '', highText] = text.split('..');
  const low = lowText === '' && highText !== undefined ? done(undefined) : unit(lowText);
  if (!low.ok) return low;
  const high = highText === undefined ? low : highText === '' ? done(undefined) : unit(highText);
  if (!high.ok) return high;
  if (highText !== undefined) {
    return done({
      kind: 'amount',
      ...(low.value === undefined ? {} : { from: low.value }),
      ...(high.value === undefined ? {} : { to: high.value }),
    });
  }
  const only = low.value ?? 0n;
  return done({
    kind: 'amount',
    ...bounds(
      comparison,
      only,
      only,
      value => value - 1n,
      value => value + 1n,
    ),
  });
};

const shiftDay =
  (days: number) =>
  (day: Day): Day =>
    new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

const timeValue = (comparison: Comparison, text: string, today: Day): Outcome<Value> => {
  const span = parseSpan(text);
  if (span.ok) return done({ kind: 'last', seconds: span.value });
  const [lowText = '', highText] = text.split('..');
  const low = parseDay(lowText, today);
  if (!low.ok) return low;
  if (highText === undefined) return done({ kind: 'days', ...bounds(comparison, low.value, low.value, shiftDay(-1), shiftDay(1)) });
  if (highText === '') return done({ kind: 'days', from: low.value });
  const high = parseDay(highText, today);
  if (!high.ok) return high;
  return low.value <= high.value ? done({ kind: 'days', from: low.value, to: high.value }) : invalid(`${lowText} lies after ${highText}`);
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
  if (!shape) return invalid(`there is no field ${typedName} here`, `filter by ${Object.keys(shapes).join(', ')}`);
  const text = unquoted(rawText);
  if (text === '') return invalid(`${typedName} needs a value`, `write ${typedName}=value`);
  const comparison = typedName === 'since' && isDay(text) ? '>=' : (sign as Comparison);
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
