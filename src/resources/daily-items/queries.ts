import type { Db } from '../../database/client.ts';
import { flag, meaning, number, oneOf, text } from '../../database/field.ts';
import { pageOf, type PageQuery } from '../../database/page.ts';
import { dailyCategories, type DailyCategory, type DailyDecision } from '../../domain/daily-decision.ts';
import type { Term } from '../../domain/filter.ts';
import type { Keyed } from '../../domain/page.ts';

export type DailyItemRow = Keyed & {
  readonly reviewId: bigint;
  readonly day: string;
  readonly reviewClosed: boolean;
  readonly category: DailyCategory;
  readonly entity: string;
  readonly entityId: string;
  readonly label: string;
  /** What was seen when it was gathered. */
  readonly words: string;
  readonly level: 'info' | 'warning' | 'critical';
  readonly at: Date;
  /** Whose act it is, where it is one. */
  readonly actorId: bigint | null;
  readonly pane: string;
  readonly filter: string;
  readonly gatheredAt: Date;
  readonly decision: DailyDecision | null;
  readonly note: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  /** What was done to the record since it was gathered, and by whom. */
  readonly done: string | null;
  readonly doneBy: string | null;
  readonly version: number;
};

const items = pageOf<DailyItemRow>({
  table: 'ops.daily_item',
  select: `t.review_id AS "reviewId", r.day::text AS day, r.closed_at IS NOT NULL AS "reviewClosed", t.category, t.entity, t.entity_id AS "entityId", t.label, t.words, t.level, t.at,
    t.actor_id AS "actorId", t.pane, t.filter, t.gathered_at AS "gatheredAt", t.decision, t.note, o.name AS "decidedBy", t.decided_at AS "decidedAt", a.done, a.operator AS "doneBy", t.version`,
  joins: `JOIN ops.daily_review r ON r.id = t.review_id LEFT JOIN ops.operator o ON o.id = t.decided_by
    LEFT JOIN LATERAL (SELECT u.action || ', audit #' || u.seq AS done, u.operator FROM ops.audit u
      WHERE u.entity = t.entity AND u.entity_id = t.entity_id AND u.at > t.gathered_at AND u.outcome = 'success' AND u.verb NOT IN ('view', 'export') ORDER BY u.seq DESC LIMIT 1) a ON true`,
  defaultSort: { field: 'item', descending: false },
  fields: {
    text: text('t.label', { exact: ['(lower(t.label) LIKE {contains} OR lower(t.words) LIKE {contains})'] }),
    item: number('t.id', { sortable: true }),
    id: number('t.id'),
    review: number('t.review_id'),
    open: flag('t.review_id = (SELECT r.id FROM ops.daily_review r WHERE r.closed_at IS NULL)'),
    about: oneOf('t.category', dailyCategories),
    level: oneOf('t.level', ['info', 'warning', 'critical']),
    entity: text('t.entity'),
    record: text('t.entity_id'),
    decision: meaning({
      undecided: 't.decision IS NULL',
      keep: `t.decision = 'keep'`,
      act: `t.decision = 'act'`,
      escalate: `t.decision = 'escalate'`,
    }),
    by: text('t.decided_by', { exact: ['t.decided_by = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
  },
});

/** How far a review is: one by its number, else the open one, else the last. */
export type Progress = {
  readonly day: string;
  readonly today: boolean;
  readonly items: number;
  readonly decided: number;
  readonly open: boolean;
};

export const dailyProgress = async (db: Db, review: bigint | null = null): Promise<Progress | undefined> => {
  const [row] = await db.$queryRaw<Progress[]>`
    SELECT r.day::text, r.day = (SELECT bank.business_day()) AS today, r.items, (SELECT count(*)::int FROM ops.daily_item i WHERE i.review_id = r.id AND i.decision IS NOT NULL) AS decided,
           r.closed_at IS NULL AS open
      FROM ops.daily_review r WHERE ${review}::bigint IS NULL OR r.id = ${review}::bigint ORDER BY r.closed_at IS NOT NULL, r.id DESC LIMIT 1`;
  return row;
};

const decidedOf = ({ items: all, decided }: Progress): string => `${decided.toLocaleString('en')} of ${all.toLocaleString('en')} decided`;

/** The progress of what is worked on in words; a review of another day names it. */
export const progressWords = (progress: Progress | undefined): string => {
  if (!progress?.open) return progress?.today ? "today's review is closed" : "today's review is not open yet";
  return progress.today ? decidedOf(progress) : `${progress.day}: ${decidedOf(progress)}`;
};

/** The review that a filter names. */
const namedIn = (terms: readonly Term[]): bigint | undefined => {
  const value = terms.find(({ field, not }) => field === 'review' && !not)?.value;
  return value?.kind === 'amount' && value.from === value.to ? value.from : undefined;
};

const wordsFor = async (db: Db, terms: readonly Term[]): Promise<string> => {
  const named = namedIn(terms);
  if (named === undefined) return progressWords(await dailyProgress(db));
  const progress = await dailyProgress(db, named);
  return progress ? `${progress.day}: ${decidedOf(progress)}` : `there is no review ${named}`;
};

export const dailyItemPage: PageQuery<DailyItemRow> = {
  ...items,
  count: async (db, terms) => {
    const [count, words] = await Promise.all([items.count(db, terms), wordsFor(db, terms)]);
    return { ...count, words };
  },
};

/** The item as it is now, or undefined. */
export const findDailyItem = (db: Db, id: bigint): Promise<DailyItemRow | undefined> => dailyItemPage.find(db, id);

export const decideDailyItem = async (db: Db, item: DailyItemRow, decision: DailyDecision, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.decide_daily_item(${item.id}, ${decision}, ${note}, ${item.version}::int)`;
};

export const undoDailyItem = async (db: Db, item: DailyItemRow): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.undo_daily_item(${item.id}, ${item.version}::int)`;
};

export type ItemFacts = {
  readonly done: readonly {
    readonly at: Date;
    readonly operator: string | null;
    readonly action: string;
    readonly outcome: string;
    readonly seq: bigint;
  }[];
  readonly earlier: readonly { readonly day: string; readonly decision: DailyDecision; readonly by: string; readonly note: string }[];
};

/** What was done to the record since it was gathered, and what earlier reviews decided about it. */
export const factsOfItem = async (db: Db, item: DailyItemRow): Promise<ItemFacts> => {
  const [done, earlier] = await Promise.all([
    db.$queryRaw<ItemFacts['done'][number][]>`
      SELECT u.at, u.operator, u.action, u.outcome::text AS outcome, u.seq FROM ops.audit u
       WHERE u.entity = ${item.entity} AND u.entity_id = ${item.entityId} AND u.at > ${item.gatheredAt} AND u.verb NOT IN ('view', 'export') ORDER BY u.seq DESC LIMIT 10`,
    db.$queryRaw<ItemFacts['earlier'][number][]>`
      SELECT r.day::text, i.decision, o.name AS by, i.note FROM ops.daily_item i JOIN ops.daily_review r ON r.id = i.review_id JOIN ops.operator o ON o.id = i.decided_by
       WHERE i.entity = ${item.entity} AND i.entity_id = ${item.entityId} AND i.review_id < ${item.reviewId} ORDER BY i.id DESC LIMIT 5`,
  ]);
  return { done, earlier };
};
