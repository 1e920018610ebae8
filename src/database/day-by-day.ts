import type { PageRequest } from '../domain/page.ts';
import { spanOf, type Parameters } from './condition.ts';

type Days = {
  readonly table: string;
  /** The time that rows are kept and asked for in the order of. */
  readonly time: string;
  readonly request: PageRequest;
  readonly descending: boolean;
};

/** The day an index of words begins with; of UTC, because what an index holds must not hang on a setting. */
const dayOf = (at: string): string => `(${at} AT TIME ZONE 'UTC')::date`;

/**
 * The days that hold what is asked for, in its order, to be read one by one until there are rows enough, each from an index that begins
 * with the day. Words such as rent may
 * stand in a hundred thousand rows and all of them in a few days: neither reading all of them nor walking back to those days is quick.
 */
export const dayByDay = ({ table, time, request, descending }: Days, parameters: Parameters): string => {
  const spans = request.terms.filter(term => term.field === request.sort.field && !term.not).map(term => spanOf(term, parameters));
  const oldest = [`(SELECT min(${time}) FROM ${table} t)`, ...spans.flatMap(({ from }) => from ?? [])];
  const newest = [`(SELECT max(${time}) FROM ${table} t)`, ...spans.flatMap(({ past }) => past ?? [])];
  if (request.at) (descending ? newest : oldest).push(parameters.add(request.at.place.sortKey, 'timestamptz'));
  const low = `${dayOf(`greatest(${oldest.join(', ')})`)}::timestamp`;
  const high = `${dayOf(`least(${newest.join(', ')})`)}::timestamp`;
  return descending ? `generate_series(${high}, ${low}, interval '-1 day') day` : `generate_series(${low}, ${high}, interval '1 day') day`;
};

/** Which rows are of such a day. */
export const onDay = (time: string): string => `${dayOf(time)} = day::date`;
