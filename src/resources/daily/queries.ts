import type { Db } from '../../database/client.ts';
import { flag, number, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

export type DailyRow = Keyed & {
  /** The business day, such as 2026-11-20. */
  readonly day: string;
  readonly since: Date;
  readonly openedAt: Date;
  readonly openedBy: string;
  readonly gatheredAt: Date;
  readonly items: number;
  readonly decided: number;
  readonly escalated: number;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
  readonly closeNote: string | null;
  /** SHA-256 of the record, in hexadecimal; null while it is open. */
  readonly result: string | null;
  readonly version: number;
};

const itemsWith = (condition: string): string =>
  `(SELECT count(*)::int FROM ops.daily_item i WHERE i.review_id = t.id AND i.decision ${condition})`;

export const dailyPage = pageOf<DailyRow>({
  table: 'ops.daily_review',
  select: `t.day::text AS day, t.since, t.opened_at AS "openedAt", o.name AS "openedBy", t.gathered_at AS "gatheredAt", t.items, ${itemsWith('IS NOT NULL')} AS decided,
    ${itemsWith(`= 'escalate'`)} AS escalated, t.closed_at AS "closedAt", c.name AS "closedBy", t.close_note AS "closeNote", encode(t.result_hash, 'hex') AS result, t.version`,
  joins: 'JOIN ops.operator o ON o.id = t.opened_by LEFT JOIN ops.operator c ON c.id = t.closed_by',
  defaultSort: { field: 'opened', descending: true },
  fields: {
    text: text('t.day', { exact: ['t.day::text LIKE {contains}'] }),
    id: number('t.id'),
    day: text('t.day', { exact: ['t.day::text = {text}'], like: ['t.day::text LIKE {contains}'] }),
    opened: time('t.opened_at', { sortable: true }),
    open: flag('t.closed_at IS NULL'),
  },
});

/** The one that is open, or undefined. */
export const openDailyReview = async (db: Db): Promise<DailyRow | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.daily_review WHERE closed_at IS NULL`;
  return row && dailyPage.find(db, row.id);
};

/** What a review that is opened now begins from; `closed` where there was one today already. */
export type Ahead = { readonly day: string; readonly since: Date; readonly closed: boolean };

export const lookAhead = async (db: Db): Promise<Ahead> => {
  const [row] = await db.$queryRaw<Ahead[]>`
    SELECT d.day::text, coalesce((SELECT max(r.gathered_at) FROM ops.daily_review r), now() - interval '24 hours') AS since,
           EXISTS (SELECT FROM ops.daily_review r WHERE r.day = d.day) AS closed
      FROM (SELECT bank.business_day() AS day) d`;
  if (!row) throw new Error('the bank has no calendar');
  return row;
};

type Tally = { readonly kept: number; readonly acted: number; readonly escalated: number };

/** What there was of one category, and what became of it. */
export type CoverageRow = Tally & {
  readonly category: string;
  readonly listed: number;
  readonly found: number;
  readonly seen: number;
  readonly remark: string | null;
};

export type DailyFacts = {
  readonly coverage: readonly CoverageRow[];
  readonly people: readonly (Tally & { readonly who: string })[];
};

/** What a review covers by category, and by whom. */
export const coverageOf = async (db: Db, id: bigint): Promise<DailyFacts> => {
  const [coverage, people] = await Promise.all([
    db.$queryRaw<CoverageRow[]>`
      SELECT v.category, v.listed, v.listed + v.left_out AS found, v.seen, v.remark, count(*) FILTER (WHERE i.decision = 'keep')::int AS kept,
             count(*) FILTER (WHERE i.decision = 'act')::int AS acted, count(*) FILTER (WHERE i.decision = 'escalate')::int AS escalated
        FROM ops.daily_coverage v JOIN ops.daily_category g ON g.name = v.category LEFT JOIN ops.daily_item i ON i.review_id = v.review_id AND i.category = v.category
       WHERE v.review_id = ${id} GROUP BY v.category, v.listed, v.left_out, v.seen, v.remark, g.place ORDER BY g.place`,
    db.$queryRaw<DailyFacts['people'][number][]>`
      SELECT o.name AS who, count(*) FILTER (WHERE i.decision = 'keep')::int AS kept, count(*) FILTER (WHERE i.decision = 'act')::int AS acted,
             count(*) FILTER (WHERE i.decision = 'escalate')::int AS escalated
        FROM ops.daily_item i JOIN ops.operator o ON o.id = i.decided_by WHERE i.review_id = ${id} GROUP BY o.name ORDER BY o.name`,
  ]);
  return { coverage, people };
};

export type Gathered = { readonly id: bigint; readonly day: string; readonly items: number };

const gathered = ([row]: readonly Gathered[]): Gathered => {
  if (!row) throw new Error('the database gathered a review and returned none');
  return row;
};

/** Opens the review of this business day with what there is to look at. */
export const openDaily = async (db: Db): Promise<Gathered> =>
  gathered(await db.$queryRaw<Gathered[]>`SELECT id, day::text, items FROM ops.open_daily()`);

/** Adds what came since. */
export const refreshDaily = async (db: Db, review: Pick<DailyRow, 'id' | 'version'>): Promise<Gathered> =>
  gathered(await db.$queryRaw<Gathered[]>`SELECT id, day::text, items FROM ops.refresh_daily(${review.id}, ${review.version}::int)`);

export type Closed = Tally & { readonly undecided: number; readonly result: string };

/** Closes a review that is as it was looked at; gives the hash of its record. */
export const closeDaily = async (db: Db, { id, version, items, decided }: DailyRow, note: string): Promise<Closed> => {
  const [closed] = await db.$queryRaw<Closed[]>`
    SELECT kept, acted, escalated, undecided, encode(result_hash, 'hex') AS result FROM ops.close_daily(${id}, ${version}::int, ${items - decided}::int, ${note})`;
  if (!closed) throw new Error('the database closed a review and returned none');
  return closed;
};
