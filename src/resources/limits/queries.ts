import type { Db } from '../../database/client.ts';
import { digits, flag, number, text } from '../../database/field.ts';
import { mergedPages } from '../../database/merged-pages.ts';
import { pageOf, type PageQuery, type Source } from '../../database/page.ts';
import type { Term } from '../../domain/filter.ts';
import type { Limits, LimitType, LimitUse } from '../../domain/limit.ts';
import type { Keyed } from '../../domain/page.ts';

/** As JSON brings it: amounts as text, instants too. */
type RawUse = {
  readonly type: LimitType;
  readonly single: string;
  readonly daily: string;
  readonly used: string;
  readonly overridden: boolean;
  readonly expiresAt: string | null;
};

/** An account by its limits; its id is the account's. */
export type LimitRow = Keyed & {
  readonly number: string;
  readonly status: string;
  readonly currency: string;
  readonly ownerName: string;
  readonly username: string;
  readonly uses: readonly RawUse[];
};

/** The three kinds of posting, as they are limited today. */
export const usesOf = ({ uses }: Pick<LimitRow, 'uses'>): readonly LimitUse[] =>
  uses.map(({ type, single, daily, used, overridden, expiresAt }) => ({
    type,
    single: BigInt(single),
    daily: BigInt(daily),
    used: BigInt(used),
    overridden,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
  }));

const inForce = 'o.ended_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp())';
// As bank.limits_of has it, but in one statement: a function would be called for each of 150 lines every second
const uses = `SELECT jsonb_agg(jsonb_build_object('type', d.type, 'single', coalesce(o.single, d.single_units * k.unit)::text, 'daily', coalesce(o.daily, d.daily_units * k.unit)::text,
         'used', coalesce(c.used, 0)::text, 'overridden', o.id IS NOT NULL, 'expiresAt', o.expires_at) ORDER BY d.type) AS uses
    FROM bank.limit_default d CROSS JOIN (SELECT power(10, e.exponent)::bigint AS unit FROM bank.currency e WHERE e.code = a.currency) k
    LEFT JOIN bank.limit_counter c ON c.account_id = a.id AND c.type = d.type AND c.day = (SELECT bank.business_day())
    LEFT JOIN LATERAL (SELECT o.* FROM bank.limit_override o WHERE o.account_id = a.id AND o.type = d.type AND ${inForce} ORDER BY o.id DESC LIMIT 1) o ON true`;

const accountsWith = (condition: string): string => `t.id IN (SELECT a.id FROM bank.account a WHERE ${condition})`;
const byNumber = accountsWith('a.number BETWEEN {text} AND {upTo}');
const byOwner = accountsWith('a.user_id IN (SELECT u.id FROM bank."user" u WHERE u.search_text LIKE {contains})');
const overridden = (more = ''): string => `t.id IN (SELECT o.account_id FROM bank.limit_override o WHERE ${inForce}${more})`;
const dayBegan = '(SELECT bank.business_day()::timestamp AT TIME ZONE k.time_zone FROM bank.calendar k)';

const source: Omit<Source, 'table'> = {
  select: `a.number, a.status::text, a.currency, u.first_name || ' ' || u.last_name AS "ownerName", u.username, l.uses, t.share`,
  joins: `JOIN bank.account a ON a.id = t.id JOIN bank."user" u ON u.id = a.user_id CROSS JOIN LATERAL (${uses}) l`,
  defaultSort: { field: 'used', descending: true },
  fields: {
    text: text('t.id', { exact: [byNumber, byOwner] }),
    id: number('t.id'),
    number: { ...digits('t.id'), exact: [accountsWith('a.number = {text}')], like: [byNumber] },
    owner: text('t.id', {
      exact: [accountsWith('a.user_id = (SELECT u.id FROM bank."user" u WHERE u.username = {text})')],
      like: [byOwner],
    }),
    // Whole percent of the nearest daily limit, as it was when last posted
    used: { ...number('t.share', { sortable: true }), cast: 'smallint' },
    overridden: flag(overridden()),
    expiring: flag(overridden(` AND o.expires_at < clock_timestamp() + interval '7 days'`)),
    refused: flag(`t.id IN (SELECT CASE WHEN r.type = 'deposit' THEN r.to_account_id ELSE r.from_account_id END FROM bank.posting_refusal r
      WHERE r.code IN ('daily-limit', 'single-limit') AND r.refused_at >= ${dayBegan})`),
  },
};

const today = '(SELECT bank.business_day())';
/** Accounts that posted today, the nearest to a limit first: by the index of shares, and each by its fullest counter. */
const posting = pageOf<LimitRow>({
  ...source,
  table: `(SELECT c.account_id AS id, c.share FROM bank.limit_counter c WHERE c.day = ${today}
     AND c.type = (SELECT o.type FROM bank.limit_counter o WHERE o.account_id = c.account_id AND o.day = c.day ORDER BY o.share DESC, o.type DESC LIMIT 1))`,
});
/** The same to be counted: all of them at once. */
const counted = pageOf<LimitRow>({
  ...source,
  table: `(SELECT c.account_id AS id, max(c.share) AS share FROM bank.limit_counter c WHERE c.day = ${today} GROUP BY c.account_id)`,
});
/** Accounts that did not, but are overridden or were refused. */
const quiet = pageOf<LimitRow>({
  ...source,
  table: `(SELECT q.id, 0::smallint AS share
     FROM (SELECT o.account_id FROM bank.limit_override o WHERE ${inForce}
           UNION SELECT CASE WHEN r.type = 'deposit' THEN r.to_account_id ELSE r.from_account_id END FROM bank.posting_refusal r
                  WHERE r.code IN ('daily-limit', 'single-limit') AND r.refused_at >= ${dayBegan}) q (id)
    WHERE q.id IS NOT NULL AND NOT EXISTS (SELECT FROM bank.limit_counter c WHERE c.account_id = q.id AND c.day = ${today}))`,
});
const listed = mergedPages<LimitRow>({ ...posting, count: counted.count }, quiet);

/** Any account, by its number or id. */
const any = pageOf<LimitRow>({
  ...source,
  table: `(SELECT x.id, coalesce((SELECT max(c.share) FROM bank.limit_counter c WHERE c.account_id = x.id AND c.day = ${today}), 0::smallint) AS share FROM bank.account x)`,
});

const isNamed = ({ field, not, value }: Term): boolean => field === 'number' && !not && value.kind === 'text' && value.exact;
const fitting = (terms: readonly Term[]): PageQuery<LimitRow> => (terms.some(isNamed) ? any : listed);

export const limitPage: PageQuery<LimitRow> = {
  fields: listed.fields,
  defaultSort: listed.defaultSort,
  page: (db, request) => fitting(request.terms).page(db, request),
  newer: (db, request) => fitting(request.terms).newer(db, request),
  count: (db, terms) => fitting(terms).count(db, terms),
  find: (db, id) => any.find(db, id),
  matching: async (db, terms, ids) => (await fitting(terms).matching?.(db, terms, ids)) ?? 0,
};

/** The limits in force today and how much of them is used; minor units. */
export const limitUse = async (db: Db, accountId: bigint): Promise<readonly LimitUse[]> => {
  const row = await any.find(db, accountId);
  return row ? usesOf(row) : [];
};

export type Override = Limits & {
  readonly type: LimitType;
  readonly reason: string;
  readonly setBy: string | null;
  readonly setAt: Date;
  readonly expiresAt: Date | null;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
  readonly endNote: string | null;
  readonly inForce: boolean;
};

/** The overrides an account ever had, newest first. Of those in force the newest of its kind counts. */
export const overridesOf = (db: Db, accountId: bigint): Promise<readonly Override[]> =>
  db.$queryRaw<Override[]>`
    SELECT o.type::text, o.single, o.daily, o.reason, s.name AS "setBy", o.created_at AS "setAt", o.expires_at AS "expiresAt", o.ended_at AS "endedAt",
           e.name AS "endedBy", o.end_note AS "endNote", o.ended_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp()) AS "inForce"
      FROM bank.limit_override o LEFT JOIN ops.operator s ON s.id = o.set_by LEFT JOIN ops.operator e ON e.id = o.ended_by
     WHERE o.account_id = ${accountId} ORDER BY o.id DESC LIMIT 20`;

/** What would count if the newest override of a kind were not there. */
export const limitsWithout = async (db: Db, accountId: bigint, type: LimitType): Promise<Limits> => {
  const [row] = await db.$queryRaw<Limits[]>`
    SELECT single, daily FROM (
      (SELECT o.single, o.daily, 1 AS turn FROM bank.limit_override o WHERE o.account_id = ${accountId} AND o.type = ${type}::bank.transaction_type
          AND o.ended_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp()) ORDER BY o.id DESC OFFSET 1 LIMIT 1)
      UNION ALL
      SELECT d.single_units * power(10, c.exponent)::bigint, d.daily_units * power(10, c.exponent)::bigint, 2
        FROM bank.account a JOIN bank.currency c ON c.code = a.currency JOIN bank.limit_default d ON d.type = ${type}::bank.transaction_type WHERE a.id = ${accountId}) l
     ORDER BY turn LIMIT 1`;
  if (!row) throw new Error(`there is no account ${accountId}`);
  return row;
};

/** The number that changes with an account's status and overrides. */
export const limitVersion = async (db: Db, accountId: bigint): Promise<number> => {
  const [row] = await db.$queryRaw<{ version: number | null }[]>`SELECT bank.limit_version(${accountId}) AS version`;
  return row?.version ?? 0;
};

type Wish = Limits & { readonly type: LimitType; readonly days: number; readonly note: string };

/** Sets an override; gives when it ends. The database refuses one that was not approved as it is. */
export const overrideLimit = async (db: Db, account: { id: bigint; version: number }, wish: Wish): Promise<Date> => {
  const [made] = await db.$queryRaw<{ expiresAt: Date }[]>`
    SELECT expires_at AS "expiresAt" FROM bank.override_limit(${account.id}, ${account.version}::int, ${wish.type}::bank.transaction_type, ${wish.single}, ${wish.daily},
      ${wish.days}::int, ${wish.note})`;
  if (!made) throw new Error('the database set an override and returned none');
  return made.expiresAt;
};

export const endOverride = async (db: Db, account: { id: bigint; version: number }, type: LimitType, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM bank.end_limit_override(${account.id}, ${account.version}::int, ${type}::bank.transaction_type, ${note})`;
};
