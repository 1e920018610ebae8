import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

export const reviewKinds = ['monthly', 'quarterly'] as const;

export type ReviewRow = Keyed & {
  readonly kind: (typeof reviewKinds)[number];
  readonly title: string;
  readonly since: Date;
  readonly openedAt: Date;
  readonly openedBy: string;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
  readonly items: number;
  readonly kept: number;
  readonly revoked: number;
  /** SHA-256 of the result, in hexadecimal; null while it is open. */
  readonly result: string | null;
  readonly version: number;
};

const decided = (decision: string): string =>
  `(SELECT count(*)::int FROM ops.access_review_item i WHERE i.review_id = t.id AND i.decision = '${decision}')`;

export const reviewPage = pageOf<ReviewRow>({
  table: 'ops.access_review',
  select: `t.kind, t.title, t.since, t.opened_at AS "openedAt", o.name AS "openedBy", t.closed_at AS "closedAt", c.name AS "closedBy", t.items, ${decided('keep')} AS kept, ${decided('revoke')} AS revoked,
    encode(t.result_hash, 'hex') AS result, t.version`,
  joins: 'JOIN ops.operator o ON o.id = t.opened_by LEFT JOIN ops.operator c ON c.id = t.closed_by',
  defaultSort: { field: 'opened', descending: true },
  fields: {
    text: text('t.title', { exact: ['lower(t.title) LIKE {contains}'] }),
    id: number('t.id'),
    kind: oneOf('t.kind', reviewKinds),
    opened: time('t.opened_at', { sortable: true }),
    open: flag('t.closed_at IS NULL'),
  },
});

/** The review as it is now, or undefined. */
export const findReview = (db: Db, id: bigint): Promise<ReviewRow | undefined> => reviewPage.find(db, id);

/** Whether one of this kind is open. */
export const openReviewOf = async (db: Db, kind: string): Promise<bigint | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.access_review WHERE kind = ${kind} AND closed_at IS NULL`;
  return row?.id;
};

/** What a review that begins now would ask about. */
export type Ahead = {
  readonly since: Date;
  readonly items: number;
  readonly conflicts: number;
  readonly sensitive: number;
  readonly inactive: number;
};

export const lookAhead = async (db: Db, kind: string): Promise<Ahead> => {
  const days = kind === 'monthly' ? 31 : 92;
  const [row] = await db.$queryRaw<Ahead[]>`
    SELECT s.since, count(n.source)::int AS items, count(*) FILTER (WHERE n.conflicts <> '{}')::int AS conflicts, count(*) FILTER (WHERE n.sensitive)::int AS sensitive,
           count(*) FILTER (WHERE n.inactive_days >= 90)::int AS inactive
      FROM (SELECT coalesce((SELECT max(r.closed_at) FROM ops.access_review r WHERE r.kind = ${kind}), clock_timestamp() - make_interval(days => ${days})) AS since) s
      LEFT JOIN LATERAL ops.access_now(${kind}, s.since) n ON true GROUP BY s.since`;
  if (!row) throw new Error('nobody has any access');
  return row;
};

/** What stands out in a review, and what became of its decisions. */
export type ReviewFacts = {
  readonly undecided: number;
  readonly conflicts: number;
  readonly sensitive: number;
  readonly inactive: number;
  readonly timed: number;
  readonly changed: number;
  readonly open: readonly { readonly who: string; readonly role: string; readonly source: string; readonly request: bigint | null }[];
  readonly changes: readonly {
    readonly at: string;
    readonly operator: string | null;
    readonly action: string;
    readonly record: string;
    readonly why: string | null;
  }[];
  readonly separation: readonly string[];
};

/** Revoked on paper and still there; with the request that waits for it. */
const openWork = async (db: Db, id: bigint): Promise<ReviewFacts['open']> =>
  db.$queryRaw<ReviewFacts['open'][number][]>`
    SELECT i.subject AS who, i.role, i.source, (SELECT max(a.number) FROM ops.approval a WHERE a.status = 'pending' AND a.expires_at > clock_timestamp()
             AND ((i.source = 'operator' AND a.action = 'operators.revoke-role' AND a.entity_id = i.subject_id::text AND a.input ->> 'role' = i.role)
               OR (i.source = 'user' AND a.action = 'users.change-role' AND a.entity_id = i.subject_id::text))) AS request
      FROM ops.access_review_item i WHERE i.review_id = ${id} AND i.decision = 'revoke' AND ops.still_held(i) ORDER BY i.id LIMIT 100`;

export const factsOf = async (db: Db, id: bigint): Promise<ReviewFacts> => {
  const [[counts], [context], open] = await Promise.all([
    db.$queryRaw<Pick<ReviewFacts, 'undecided' | 'conflicts' | 'sensitive' | 'inactive' | 'timed' | 'changed'>[]>`
      SELECT count(*) FILTER (WHERE decision IS NULL)::int AS undecided, count(*) FILTER (WHERE conflicts <> '{}')::int AS conflicts, count(*) FILTER (WHERE sensitive)::int AS sensitive,
             count(*) FILTER (WHERE inactive_days >= 90)::int AS inactive, count(*) FILTER (WHERE expires_at IS NOT NULL)::int AS timed, count(*) FILTER (WHERE change IS NOT NULL)::int AS changed
        FROM ops.access_review_item WHERE review_id = ${id}`,
    db.$queryRaw<Pick<ReviewFacts, 'changes' | 'separation'>[]>`
      SELECT coalesce(context -> 'changes', '[]') AS changes, coalesce(context -> 'separation', '[]') AS separation FROM ops.access_review WHERE id = ${id}`,
    openWork(db, id),
  ]);
  if (!counts || !context) throw new Error(`review ${id} is gone`);
  return { ...counts, ...context, open };
};

/** Opens a review; what it asks about is fixed then. */
export const openReview = async (db: Db, kind: string, title: string): Promise<{ readonly id: bigint; readonly items: number }> => {
  const [opened] = await db.$queryRaw<{ id: bigint; items: number }[]>`SELECT id, items FROM ops.open_review(${kind}, ${title})`;
  if (!opened) throw new Error('the database opened a review and returned none');
  return opened;
};

export type Closed = { readonly kept: number; readonly revoked: number; readonly result: string };

/** Closes a review whose items are all decided; gives the hash of its result. */
export const closeReview = async (db: Db, review: { readonly id: bigint; readonly version: number }): Promise<Closed> => {
  const [closed] = await db.$queryRaw<Closed[]>`
    SELECT kept, revoked, encode(result_hash, 'hex') AS result FROM ops.close_review(${review.id}, ${review.version}::int)`;
  if (!closed) throw new Error('the database closed a review and returned none');
  return closed;
};
