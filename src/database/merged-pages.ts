import type { Keyed } from '../domain/page.ts';
import type { PageQuery } from './page.ts';

/** By a number, and then by the id. */
const order =
  (descending: boolean) =>
  (a: Keyed, b: Keyed): number => {
    const [first, second] = descending ? [b, a] : [a, b];
    const difference = BigInt(first.sortKey) - BigInt(second.sortKey) || first.id - second.id;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  };

/** Two lists without a record in common that are sorted by a whole number, read as one: each by its own keyset, merged where they meet. */
export const mergedPages = <Row extends Keyed>(first: PageQuery<Row>, second: PageQuery<Row>): PageQuery<Row> => {
  const both = <T>(ask: (list: PageQuery<Row>) => Promise<T>): Promise<readonly [T, T]> => Promise.all([ask(first), ask(second)]);
  return {
    fields: first.fields,
    defaultSort: first.defaultSort,
    page: async (db, request) => {
      const pages = await both(list => list.page(db, request));
      const rows = pages.flatMap(page => page.rows).toSorted(order(request.sort.descending));
      return {
        rows: request.at?.direction === 'before' ? rows.slice(-request.limit) : rows.slice(0, request.limit),
        more: rows.length > request.limit || pages.some(page => page.more),
      };
    },
    newer: async (db, request) => (await both(list => list.newer(db, request))).reduce((sum, rows) => sum + rows, 0),
    count: async (db, terms) => {
      const [one, other] = await both(list => list.count(db, terms));
      return { value: one.value + other.value, exact: one.exact && other.exact };
    },
    matching: async (db, terms, ids) =>
      (await both(async list => list.matching?.(db, terms, ids) ?? 0)).reduce((sum, rows) => sum + rows, 0),
    find: async (db, id) => (await first.find(db, id)) ?? second.find(db, id),
  };
};
