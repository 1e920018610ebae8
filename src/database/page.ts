import type { Term } from '../domain/filter.ts';
import type { Count, Keyed, Page, PageRequest, Sort } from '../domain/page.ts';
import type { Db } from './client.ts';
import { conditionsOf, Parameters } from './condition.ts';
import { dayByDay, onDay } from './day-by-day.ts';
import type { Fields } from './field.ts';

export type PageQuery<Row extends Keyed> = {
  readonly fields: Fields;
  readonly defaultSort: Sort;
  /** A page by keyset: as fast at row five million as at the first. */
  readonly page: (db: Db, request: PageRequest) => Promise<Page<Row>>;
  /** How many rows now stand before the page's first place; stops counting at a thousand. */
  readonly newer: (db: Db, request: PageRequest) => Promise<number>;
  readonly count: (db: Db, terms: readonly Term[]) => Promise<Count>;
  readonly find: (db: Db, id: bigint) => Promise<Row | undefined>;
  /** How many of these records a filter lets through; a list that cannot be marked needs no answer. */
  readonly matching?: (db: Db, terms: readonly Term[], ids: readonly string[]) => Promise<number>;
};

/** A base table (alias `t`), what is joined to a page of it once it is cut, and what is read. */
export type Source = {
  readonly table: string;
  readonly select: string;
  readonly joins?: string;
  readonly fields: Fields;
  readonly defaultSort: Sort;
  /** The id column of the base table. */
  readonly id?: string;
  /** A field whose first alternative can be read day by day in the usual order, from an index that begins with the day. */
  readonly daily?: string;
  /** Fields that are answered from another table: where they find few rows, the planner still prefers to meet those in order, and reads for long. */
  readonly elsewhere?: readonly string[];
};

const exactUpTo = 10_000;
/** Where the planner expects more, even ten thousand are not looked for: frequent words would take a third of a second. */
const estimatedFrom = 10 * exactUpTo;
const newerUpTo = 1_000;
/** As many rows as can be read and sorted in 20 ms. */
const sortedAtOnce = 20_000;
/** As many rows as an index of words finds more quickly at once than day by day. */
const fewWords = 1_000;
/** As many rows as are found and sorted as quickly as one meets fifty of them in a million. */
const fewElsewhere = 5_000;
/** Words in more than this share of all rows are soon met in any order. */
const common = 0.05;

const zones = new WeakMap<object, Promise<string>>();

const askZone = async (db: Db): Promise<string> => {
  const [row] = await db.$queryRaw<{ zone: string }[]>`SELECT time_zone AS zone FROM bank.calendar`;
  return row?.zone ?? 'UTC';
};

/** The parameters of a filter; the bank's time zone is asked for once, by the first filter that needs it. */
const parametersFor = async (db: Db, terms: readonly Term[]): Promise<Parameters> => {
  if (!terms.some(term => term.value.kind === 'days')) return new Parameters();
  let zone = zones.get(db);
  if (!zone) {
    zone = askZone(db);
    zones.set(db, zone);
    // A lost connection is not remembered
    zone.catch(() => zones.delete(db));
  }
  return new Parameters(await zone);
};

/** How rows are found: in the order asked for, testing each; all that match, then sorted; or the matches of one day after the other. */
type Way = 'in order' | 'at once' | 'daily';

/** The columns that a page speaks of, all as `t.…`. No others are read: a table may hold some that no console is let at. */
const columnsOf = ({ select, joins = '', id = 't.id', fields }: Source): string => {
  const sorted = Object.values(fields).flatMap(({ sql, sortable }) => (sortable ? [sql] : []));
  const all = [select, joins, id, ...sorted].join(' ');
  // A function that takes the whole row needs all of it
  return /\(t[,)]/.test(all) ? 't.*' : [...new Set(all.match(/\bt\.[a-z_]+/g))].join(', ');
};

/** The rows that fit, cut to the limit before anything is joined: a join must not reach the other five million. */
const cut = (source: Source, request: PageRequest, parameters: Parameters, way: Way): string => {
  const { table } = source;
  const columns = columnsOf(source);
  const field = source.fields[request.sort.field];
  if (!field?.sortable) throw new Error(`${request.sort.field} cannot be sorted by`);
  const id = source.id ?? 't.id';
  const backwards = request.at?.direction === 'before';
  const descending = request.sort.descending !== backwards;
  const order = `ORDER BY ${field.sql} ${descending ? 'DESC' : 'ASC'}, ${id} ${descending ? 'DESC' : 'ASC'}`;
  const conditions = conditionsOf(request.terms, source.fields, parameters);
  const limit = parameters.add(request.limit + 1, 'int');
  let beyond = '';
  if (request.at) {
    const { place, direction } = request.at;
    const sign = `${descending ? '<' : '>'}${direction === 'from' ? '=' : ''}`;
    beyond = ` AND (${field.sql}, ${id}) ${sign} (${parameters.add(place.sortKey, field.cast)}, ${parameters.add(place.id, 'bigint')})`;
  }
  // OFFSET 0 keeps the planner from walking the order's index in the hope of soon meeting rows that fit
  const all = (condition: string) => `(SELECT ${columns} FROM ${table} t WHERE ${condition} OFFSET 0) t WHERE true${beyond}`;
  const from = (condition: string) => (way === 'at once' ? all(condition) : `${table} t WHERE ${condition}${beyond}`);
  const days = way === 'daily' ? dayByDay({ table, time: field.sql, request, descending }, parameters) : '';
  const daily = (condition: string) =>
    `SELECT ${columns} FROM ${days} CROSS JOIN LATERAL (SELECT ${columns} FROM ${all(`${onDay(field.sql)} AND ${condition}`)} ${order} LIMIT ${limit}) t LIMIT ${limit}`;
  const branches = conditions.map((condition, index) =>
    way === 'daily' && index === 0 ? daily(condition) : `SELECT ${columns} FROM ${from(condition)} ${order} LIMIT ${limit}`,
  );
  if (branches.length === 1) return branches[0] ?? '';
  return `SELECT ${columns} FROM (${branches.map(branch => `(${branch})`).join(' UNION ')}) t ${order} LIMIT ${limit}`;
};

type Plan = { readonly 'QUERY PLAN': readonly [{ readonly Plan: { readonly 'Plan Rows': number } }] };

/** How many rows the planner expects. */
const expectedRows = async (db: Db, sql: string, parameters: Parameters): Promise<number> => {
  const [plan] = await db.$queryRawUnsafe<Plan[]>(`EXPLAIN (FORMAT JSON) ${sql}`, ...parameters.values);
  return Math.round(plan?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0);
};

const matches = (source: Source, terms: readonly Term[], parameters: Parameters): readonly string[] =>
  conditionsOf(terms, source.fields, parameters).map(
    condition => `SELECT ${source.id ?? 't.id'} FROM ${source.table} t WHERE ${condition}`,
  );

/** How many rows the terms find, whatever the order. */
const expected = async (source: Source, db: Db, terms: readonly Term[]): Promise<number> => {
  const parameters = await parametersFor(db, terms);
  return expectedRows(db, matches(source, terms, parameters).join(' UNION '), parameters);
};

/**
 * The planner takes the values of two columns for independent: the largest amounts of a quiet day, or rents on any day but the first, made
 * it read a third of five million rows. Where a filter finds few rows they are better read by it and then sorted; where words find many,
 * they are read day by day. Other filters have indexes of their own for the usual order.
 */
const wayTo = async (source: Source, db: Db, { terms, sort }: PageRequest): Promise<Way> => {
  const others = terms.filter(term => term.field !== sort.field);
  if (others.length === 0) return 'in order';
  if (sort.field === source.defaultSort.field) {
    const isElsewhere = others.some(({ field, not }) => !not && source.elsewhere?.includes(field));
    if (isElsewhere && (await expected(source, db, others)) <= fewElsewhere) return 'at once';
    const branching = others.find(term => !term.not && (source.fields[term.field]?.exact?.length ?? 1) > 1);
    if (branching === undefined || branching.field !== source.daily) return 'in order';
    const [found, all] = await Promise.all([expected(source, db, others), expected(source, db, [])]);
    if (found <= fewWords) return 'at once';
    return found < all * common ? 'daily' : 'in order';
  }
  if (others.length < terms.length) return 'in order';
  return (await expected(source, db, terms)) <= sortedAtOnce ? 'at once' : 'in order';
};

const readPage = async <Row extends Keyed>(source: Source, db: Db, request: PageRequest): Promise<Page<Row>> => {
  const way = await wayTo(source, db, request);
  const parameters = await parametersFor(db, request.terms);
  const sortSql = source.fields[request.sort.field]?.sql ?? '';
  const descending = request.sort.descending !== (request.at?.direction === 'before');
  const direction = descending ? 'DESC' : 'ASC';
  const id = source.id ?? 't.id';
  const rows = await db.$queryRawUnsafe<Row[]>(
    `SELECT ${source.select}, ${sortSql}::text AS "sortKey", ${id} AS id FROM (${cut(source, request, parameters, way)}) t ${source.joins ?? ''} ORDER BY ${sortSql} ${direction}, ${id} ${direction}`,
    ...parameters.values,
  );
  const more = rows.length > request.limit;
  const kept = more ? rows.slice(0, request.limit) : rows;
  return { rows: request.at?.direction === 'before' ? kept.toReversed() : kept, more };
};

const countNewer = async (source: Source, db: Db, request: PageRequest): Promise<number> => {
  if (!request.at) return 0;
  const parameters = await parametersFor(db, request.terms);
  const way = await wayTo(source, db, request);
  const before = cut(source, { ...request, limit: newerUpTo - 1, at: { direction: 'before', place: request.at.place } }, parameters, way);
  const [row] = await db.$queryRawUnsafe<{ rows: number }[]>(`SELECT count(*)::int AS rows FROM (${before}) newer`, ...parameters.values);
  return row?.rows ?? 0;
};

const countRows = async (source: Source, db: Db, terms: readonly Term[]): Promise<Count> => {
  const guessed = await expected(source, db, terms);
  if (guessed > estimatedFrom) return { value: guessed, exact: false };
  const parameters = await parametersFor(db, terms);
  // Each alternative stops by itself: uniting them first would read all there is of each
  const few = matches(source, terms, parameters).map(branch => `(${branch} LIMIT ${exactUpTo + 1})`);
  const [counted] = await db.$queryRawUnsafe<{ rows: number }[]>(
    `SELECT count(*)::int AS rows FROM (${few.join(' UNION ')}) few`,
    ...parameters.values,
  );
  if ((counted?.rows ?? 0) <= exactUpTo) return { value: counted?.rows ?? 0, exact: true };
  return { value: Math.max(exactUpTo, guessed), exact: false };
};

const countMatching = async (source: Source, db: Db, terms: readonly Term[], ids: readonly string[]): Promise<number> => {
  const parameters = await parametersFor(db, terms);
  const conditions = conditionsOf(terms, source.fields, parameters).map(condition => `(${condition})`);
  const marked = `${source.id ?? 't.id'} = ANY(string_to_array(${parameters.add(ids.join(','), 'text')}, ',')::bigint[])`;
  const [row] = await db.$queryRawUnsafe<{ rows: number }[]>(
    `SELECT count(*)::int AS rows FROM ${source.table} t WHERE ${marked} AND (${conditions.join(' OR ')})`,
    ...parameters.values,
  );
  return row?.rows ?? 0;
};

/** Pages over a table, by keyset, with filters in SQL. */
export const pageOf = <Row extends Keyed>(source: Source): PageQuery<Row> => ({
  fields: source.fields,
  defaultSort: source.defaultSort,
  page: (db, request) => readPage<Row>(source, db, request),
  newer: (db, request) => countNewer(source, db, request),
  count: (db, terms) => countRows(source, db, terms),
  find: async (db, id) => {
    const sortSql = source.fields[source.defaultSort.field]?.sql ?? '';
    const [row] = await db.$queryRawUnsafe<Row[]>(
      `SELECT ${source.select}, ${sortSql}::text AS "sortKey", ${source.id ?? 't.id'} AS id FROM ${source.table} t ${source.joins ?? ''} WHERE ${source.id ?? 't.id'} = $1::text::bigint`,
      String(id),
    );
    return row;
  },
  matching: (db, terms, ids) => countMatching(source, db, terms, ids),
});
