import type { Term } from '../domain/filter.ts';
import type { Field, Fields } from './field.ts';

/** Collects the values of a statement; what it returns stands in the SQL. */
export class Parameters {
  readonly values: string[] = [];
  readonly #zone: string;

  /** `zone` is the IANA name of the bank's time zone; only filters by day need it. */
  constructor(zone = 'UTC') {
    this.#zone = zone;
  }

  /** The instant a day begins at the bank. A constant for the planner, who sees how few rows lie beyond it. */
  midnight(day: string, daysLater: 0 | 1): string {
    return `((${this.add(day, 'date')} + ${daysLater})::timestamp AT TIME ZONE ${this.add(this.#zone, 'text')})`;
  }

  add(value: string | bigint | number, cast: string): string {
    this.values.push(String(value));
    return `$${this.values.length}::text::${cast}`;
  }
}

const pattern = (text: string): string => `%${text.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;

const ranged = (sql: string, from: string | undefined, to: string | undefined): string =>
  [from && `${sql} >= ${from}`, to && `${sql} <= ${to}`].filter(Boolean).join(' AND ') || 'true';

/** From an instant on and before another one; where rows are kept in the order of time, by their ids as well, so that any index is bounded. */
const during = ({ sql, ordered }: Field, from: string | undefined, past: string | undefined): string => {
  const first = (at: string) => ordered?.first.replaceAll('{at}', () => at);
  const bounds = [
    from && `${sql} >= ${from}`,
    past && `${sql} < ${past}`,
    ordered && from && `${ordered.id} >= ${first(from)}`,
    ordered && past && `${ordered.id} < ${first(past)}`,
  ];
  return bounds.filter(Boolean).join(' AND ') || 'true';
};

/** Between which instants a term on a time lets rows through; none where it names another thing. */
export const spanOf = (
  { value }: Term,
  parameters: Parameters,
): { readonly from?: string | undefined; readonly past?: string | undefined } => {
  if (value.kind === 'last') return { from: `now() - make_interval(secs => ${parameters.add(value.seconds, 'int')})` };
  if (value.kind !== 'days') return {};
  return {
    from: value.from === undefined ? undefined : parameters.midnight(value.from, 0),
    past: value.to === undefined ? undefined : parameters.midnight(value.to, 1),
  };
};

const alternatives = (field: Field, term: Term, parameters: Parameters): readonly string[] => {
  const { value } = term;
  switch (value.kind) {
    case 'text': {
      const conditions = (value.exact ? field.exact : field.like) ?? [];
      return conditions.map(condition =>
        condition
          .replaceAll('{text}', () => parameters.add(value.text, field.cast))
          .replaceAll('{contains}', () => parameters.add(pattern(value.text), 'text'))
          .replaceAll('{upTo}', () => parameters.add(`${value.text}~`, 'text')),
      );
    }
    case 'choices': {
      const { meanings } = field;
      if (meanings) return [value.choices.map(choice => `(${meanings[choice] ?? 'false'})`).join(' OR ')];
      const choices = value.choices.map(choice => parameters.add(choice, field.cast));
      return [choices.length === 1 ? `${field.sql} = ${choices[0]}` : `${field.sql} IN (${choices.join(', ')})`];
    }
    case 'amount': {
      const bound = (amount: bigint | undefined) => (amount === undefined ? undefined : parameters.add(amount, 'bigint'));
      return [ranged(field.sql, bound(value.from), bound(value.to))];
    }
    case 'days':
    case 'last': {
      const { from, past } = spanOf(term, parameters);
      return [during(field, from, past)];
    }
    case 'flag':
      return [field.meanings?.[value.is ? 'yes' : 'no'] ?? field.sql];
  }
};

/**
 * The WHERE of a filter as alternatives that are read one by one and united: a condition with several
 * indexes (either side of a transaction, say) would as an OR be a scan of everything.
 */
export const conditionsOf = (terms: readonly Term[], fields: Fields, parameters: Parameters): readonly string[] => {
  const always: string[] = [];
  let branches: readonly string[] = ['true'];
  for (const term of terms) {
    const field = fields[term.field];
    if (!field) throw new Error(`no field ${term.field}`);
    const found = alternatives(field, term, parameters);
    if (term.not) always.push(`(${found.join(' OR ')}) IS NOT TRUE`);
    else if (found.length === 1 || branches.length > 1) always.push(`(${found.join(' OR ')})`);
    else branches = found;
  }
  const common = always.join(' AND ');
  return branches.map(branch => (common ? `(${branch}) AND ${common}` : branch));
};
