import type { Db } from '../../database/client.ts';
import { meaning, number, text } from '../../database/field.ts';
import type { PageQuery } from '../../database/page.ts';
import type { Term } from '../../domain/filter.ts';
import { gradeNow, grades, healthGroups, type Grade, type Measure } from '../../domain/health.ts';
import { rankOf } from '../../domain/health-measures.ts';
import { thresholdKey, thresholdLevels, type Judge, type ThresholdLevel } from '../../domain/health-thresholds.ts';
import type { Keyed, PageRequest } from '../../domain/page.ts';
import { sparkline } from '../../domain/sparkline.ts';
import { hostOfDatabase, jobsOfMeasures, readJudge, readSeries, recentOf, thresholdIds, type SeriesRow } from './queries.ts';

/** Something measured, as it was last, and how it went. */
export type HealthRow = Keyed &
  Omit<SeriesRow, 'grade'> & {
    /** `connections`, `host-disk:web1:/`. */
    readonly name: string;
    readonly of: Measure;
    readonly grade: Grade;
    /** The last three hours, ten minutes each. */
    readonly trend: string;
    /** The job that measures it by the schedule. */
    readonly job: bigint | undefined;
    /** The host of the database, where one has said that it is. */
    readonly databaseHost: string | undefined;
    /** The settings of its thresholds. */
    readonly thresholds: Readonly<Partial<Record<ThresholdLevel, string>>>;
  };

const bucketsShown = 18;

export const stateWords: Readonly<Record<Grade, string>> = { bad: 'wrong', warn: 'look', unknown: 'unknown', good: 'good', none: '-' };

/** A row of what was measured; undefined for what another version measured. What is too old is unknown, and was whatever it was. */
const rowOf = (series: SeriesRow, judge: Judge): Omit<HealthRow, 'sortKey' | 'job' | 'databaseHost' | 'thresholds'> | undefined => {
  const of = judge(series.measure);
  if (!of) return undefined;
  const name = [series.measure, ...(series.host === null ? [] : [series.host]), ...(series.subject === '' ? [] : [series.subject])].join(
    ':',
  );
  return { ...series, of, name, grade: gradeNow(of, series), trend: '' };
};

const gravity = ({ grade, of }: Pick<HealthRow, 'grade' | 'of'>): number => grades.indexOf(grade) * 1_000 + rankOf(of);

/** All that is measured, the worst first; without what went before. */
const readHealth = async (db: Db): Promise<readonly HealthRow[]> => {
  const [series, judge, jobs, databaseHost, settings] = await Promise.all([
    readSeries(db),
    readJudge(db),
    jobsOfMeasures(db),
    hostOfDatabase(db),
    thresholdIds(db),
  ]);
  const thresholds = (measure: string) =>
    Object.fromEntries(
      thresholdLevels.flatMap(level => {
        const id = settings.get(thresholdKey(measure, level));
        return id === undefined ? [] : [[level, String(id)] as const];
      }),
    );
  return series
    .flatMap(one => rowOf(one, judge) ?? [])
    .toSorted((a, b) => gravity(a) - gravity(b) || a.name.localeCompare(b.name))
    .map((row, index) => ({
      ...row,
      sortKey: String(index + 1),
      job: jobs.get(row.measure),
      databaseHost,
      thresholds: thresholds(row.measure),
    }));
};

const withTrends = async (db: Db, rows: readonly HealthRow[]): Promise<readonly HealthRow[]> => {
  if (rows.length === 0) return rows;
  const buckets = await recentOf(
    db,
    rows.map(({ id }) => id),
  );
  const drawn = (id: bigint): string => {
    const own = buckets.filter(({ series }) => series === id);
    const oldest = Math.min(bucketsShown - 1, Math.max(-1, ...own.map(({ ago }) => ago)));
    return sparkline(Array.from({ length: oldest + 1 }, (_, index) => own.find(({ ago }) => ago === oldest - index)?.value ?? 0));
  };
  return rows.map(row => ({ ...row, trend: drawn(row.id) }));
};

const holds = ({ name, of, host, words, grade, id }: HealthRow, { field, value }: Term): boolean => {
  switch (value.kind) {
    case 'text': {
      const asked = value.text.toLowerCase();
      if (field === 'host') return host === asked;
      if (field === 'name') return value.exact ? name.toLowerCase() === asked : name.toLowerCase().includes(asked);
      return `${name} ${of.title} ${words}`.toLowerCase().includes(asked);
    }
    case 'choices':
      return value.choices.includes(field === 'group' ? of.group : grade);
    case 'amount':
      return id >= (value.from ?? 0n) && (value.to === undefined || id <= value.to);
    default:
      return true;
  }
};

const fits = (row: HealthRow, terms: readonly Term[]): boolean => terms.every(term => holds(row, term) !== term.not);

const ordered = (all: readonly HealthRow[], { terms, sort }: PageRequest): readonly HealthRow[] => {
  const fitting = all.filter(row => fits(row, terms));
  return sort.descending ? fitting.toReversed() : fitting;
};

const placeIn = (rows: readonly HealthRow[], { at }: PageRequest): number =>
  at ? Math.max(0, rows.findIndex(row => row.id === at.place.id)) : 0; // prettier-ignore

const select = (all: readonly HealthRow[], request: PageRequest) => {
  const { limit, at } = request;
  const rows = ordered(all, request);
  const place = placeIn(rows, request);
  const from = at?.direction === 'after' ? place + 1 : at?.direction === 'before' ? Math.max(0, place - limit) : place;
  const until = at?.direction === 'before' ? place : from + limit;
  return { rows: rows.slice(from, until), more: at?.direction === 'before' ? from > 0 : until < rows.length };
};

const always = (words: readonly string[]) => meaning(Object.fromEntries(words.map(word => [word, 'true'])));

/** A page of what is measured: a few hundred rows, graded by rules that no database knows, so that filter and order are applied here. */
export const healthPage: PageQuery<HealthRow> = {
  fields: {
    text: text('words'),
    id: number('id'),
    name: text('name'),
    host: text('host'),
    group: always(healthGroups),
    state: always(grades),
    gravity: number('gravity', { sortable: true }),
  },
  defaultSort: { field: 'gravity', descending: false },
  page: async (db, request) => {
    const { rows, more } = select(await readHealth(db), request);
    return { rows: await withTrends(db, rows), more };
  },
  // What became worse meanwhile stands above the row that was first
  newer: async (db, request) => placeIn(ordered(await readHealth(db), request), request),
  count: async (db, terms) => ({ value: (await readHealth(db)).filter(row => fits(row, terms)).length, exact: true }),
  find: async (db, id) =>
    (
      await withTrends(
        db,
        (await readHealth(db)).filter(row => row.id === id),
      )
    )[0],
  matching: async (db, terms, ids) => (await readHealth(db)).filter(row => ids.includes(String(row.id)) && fits(row, terms)).length,
};
