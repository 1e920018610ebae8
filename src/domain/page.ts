import type { Term } from './filter.ts';

export type Sort = { readonly field: string; readonly descending: boolean };

/** Where a row stands in its order: the sorted value as Postgres writes it, then the id. */
export type Place = { readonly sortKey: string; readonly id: bigint };
export type Keyed = Place;

/** Rows after, before or from (including) a place; without a place from the beginning. */
export type PageRequest = {
  readonly terms: readonly Term[];
  readonly sort: Sort;
  readonly limit: number;
  readonly at?: { readonly direction: 'after' | 'before' | 'from'; readonly place: Place };
};
export type Page<Row> = { readonly rows: readonly Row[]; readonly more: boolean };

/** Exact up to ten thousand; above that what the planner believes. */
export type Count = {
  readonly value: number;
  readonly exact: boolean;
  /** How far the work in the list is, where it is work: `12 of 37 decided`. */
  readonly words?: string;
};
