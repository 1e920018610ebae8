import type { Term } from '../domain/filter.ts';
import type { Field, Fields } from './field.ts';

/** Collects the values of a statement; what it returns stands in the SQL. */
export class Parameters {
  readonly values: string[] = [];

  add(value: string | bigint | number, cast: string): string {
    this.values.push(String(value));
    return `$${this.values.length}::text::${cast}`;
  }
}

const pattern = (text: string): string => `%${text.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;

const midnight = (day: string): string => `((${day})::timestamp AT TIME ZONE (SELECT time_zone FROM bank.calendar))`;

const ranged = (sql: string, from: string | undefined, to: string | undefined): string =>
  [from && `${sql} >= ${from}`, to && `${sql} <= ${to}`].filter(Boolean).join(' AND ') || 'true';

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
    case 'days': {
      const from = value.from === undefined ? undefined : midnight(parameters.add(value.from, 'date'));
      const past = value.to === undefined ? undefined : midnight(`${parameters.add(value.to, 'date')} + 1`);
      return [[from && `${field.sql} >= ${from}`, past && `${field.sql} < ${past}`].filter(Boolean).join(' AND ') || 'true'];
    }
    case 'last':
      return [`${field.sql} >= now() - make_interval(secs => ${parameters.add(value.seconds, 'int')})`];
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
