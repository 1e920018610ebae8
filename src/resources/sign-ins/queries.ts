import type { Db } from '../../database/client.ts';
import { number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

const signInTypes = ['login_success', 'login_failure', 'login_blocked', 'lockout', 'logout', 'password_reset', 'mfa_reset'] as const;
export type SignInType = (typeof signInTypes)[number];

/** Something that happened where users sign in. The name is what was typed; there may be no such user. */
export type SignInRow = Keyed & {
  readonly type: SignInType;
  readonly username: string;
  readonly userId: bigint | null;
  readonly status: string | null;
  readonly ip: string;
  readonly userAgent: string;
  readonly at: Date;
};

export const signInPage = pageOf<SignInRow>({
  table: 'bank.auth_event',
  select: `t.type, t.username, t.user_id AS "userId", u.status::text, host(t.ip) AS ip, t.user_agent AS "userAgent", t.at`,
  joins: 'LEFT JOIN bank."user" u ON u.id = t.user_id',
  defaultSort: { field: 'at', descending: true },
  fields: {
    text: text('t.username', { exact: ['t.username = lower({text})', 'host(t.ip) = {text}'] }),
    id: number('t.id'),
    type: oneOf('t.type', signInTypes),
    user: text('t.username', { exact: ['t.username = lower({text})'], like: ['t.username BETWEEN lower({text}) AND lower({upTo})'] }),
    ip: text('host(t.ip)', { like: ['host(t.ip) BETWEEN {text} AND {upTo}'] }),
    at: time('t.at', { sortable: true }),
  },
});

export const findSignIn = (db: Db, id: bigint): Promise<SignInRow | undefined> => signInPage.find(db, id);

export type Nearby = { readonly at: Date; readonly type: SignInType; readonly username: string; readonly ip: string };
export type AddressFigures = {
  readonly failures: number;
  readonly usernames: number;
  readonly successes: number;
  readonly blocked: number;
  readonly rule: bigint | null;
};

/** What came from the same address within a day before and after. */
export const figuresOf = async (db: Db, { ip, at }: SignInRow): Promise<AddressFigures> => {
  const [row] = await db.$queryRaw<AddressFigures[]>`
    SELECT count(*) FILTER (WHERE type = 'login_failure')::int AS failures, count(DISTINCT username) FILTER (WHERE type = 'login_failure')::int AS usernames,
           count(*) FILTER (WHERE type = 'login_success')::int AS successes, count(*) FILTER (WHERE type = 'login_blocked')::int AS blocked,
           (SELECT min(r.id) FROM platform.ip_rules_now('block', 'everything') r WHERE ${ip}::inet <<= r.network) AS rule
      FROM bank.auth_event WHERE host(ip) = ${ip} AND at BETWEEN ${at}::timestamptz - interval '1 day' AND ${at}::timestamptz + interval '1 day'`;
  return row ?? { failures: 0, usernames: 0, successes: 0, blocked: 0, rule: null };
};

/** The last twenty of the same name. */
export const lastOf = async (db: Db, { username }: SignInRow): Promise<readonly Nearby[]> =>
  db.$queryRaw<
    Nearby[]
  >`SELECT at, type, username, host(ip) AS ip FROM bank.auth_event WHERE username = ${username} ORDER BY at DESC LIMIT 20`;
