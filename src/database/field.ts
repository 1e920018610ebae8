import type { FieldShape } from '../domain/filter.ts';

/**
 * A field of a resource: how it is named in a filter and what that means in SQL over the base table.
 * Conditions carry `{text}`, `{contains}`, `{upTo}` where the typed text goes (as it is, as a LIKE pattern, as the end of a prefix range);
 * several conditions are alternatives, each answered from an index of its own.
 */
export type Field = FieldShape & {
  readonly sql: string;
  readonly sortable: boolean;
  readonly exact?: readonly string[];
  readonly like?: readonly string[];
  /** Where ids are given in the order of this time: the id, and the first one at or after `{at}`. */
  readonly ordered?: Ordered;
  /** What each choice means, where it is no column. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** The type a value is cast to. */
  readonly cast: string;
};
export type Fields = Readonly<Record<string, Field>>;

type Ordered = { readonly id: string; readonly first: string };
type Sortable = { readonly sortable?: true };
type Ways = { readonly exact?: readonly string[]; readonly like?: readonly string[]; readonly shortest?: number };

/** Text that is compared as it stands; `like` says how a part of it is found. */
export const text = (sql: string, { sortable, exact = [`${sql} = {text}`], like = exact, shortest = 0 }: Sortable & Ways = {}): Field => ({
  kind: 'text',
  sql,
  sortable: sortable === true,
  exact,
  like,
  shortest,
  cast: 'text',
});

/** A number of digits, found by how it begins. A range finds it by its index under any collation. */
export const digits = (sql: string, options: Sortable = {}): Field => text(sql, { ...options, like: [`${sql} BETWEEN {text} AND {upTo}`] });

/** An amount of minor units. */
export const money = (sql: string, options: Sortable = {}): Field => ({
  kind: 'money',
  sql,
  sortable: options.sortable === true,
  cast: 'bigint',
});

/** A whole number. */
export const number = (sql: string, options: Sortable = {}): Field => ({
  kind: 'number',
  sql,
  sortable: options.sortable === true,
  cast: 'bigint',
});

/** An instant; filters name days of the bank or lengths of time before now. */
export const time = (sql: string, { sortable, ordered }: Sortable & { readonly ordered?: Ordered } = {}): Field => ({
  kind: 'time',
  sql,
  sortable: sortable === true,
  ...(ordered ? { ordered } : {}),
  cast: 'timestamptz',
});

/** One of a few words; `cast` is the column's type. */
export const oneOf = (sql: string, choices: readonly string[], cast = 'text'): Field => ({
  kind: 'choice',
  sql,
  sortable: false,
  choices,
  cast,
});

/** One of a few words that stand in no column; each with the condition it means. */
export const meaning = (meanings: Readonly<Record<string, string>>): Field => ({
  kind: 'choice',
  sql: 'true',
  sortable: false,
  choices: Object.keys(meanings),
  meanings,
  cast: 'text',
});

/** A yes or no; `condition` says what yes is, `otherwise` what no is where the planner estimates the plain opposite badly. */
export const flag = (condition: string, otherwise = `NOT (${condition})`): Field => ({
  kind: 'flag',
  sql: condition,
  sortable: false,
  meanings: { yes: condition, no: otherwise },
  cast: 'boolean',
});
