import type { AnyRule } from '../../src/detection/define-rule.ts';
import type { Bank } from './acting.ts';
import { hitsOf, type Found } from './rule-hits.ts';

/** Noon of a day in the bank's own time zone; everything is told from there, in milliseconds. */
const noon = Date.parse('2026-03-10T11:00:00Z');
export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

type Posting = {
  readonly from?: number;
  readonly to?: number;
  /** Minor units. */
  readonly amount: number;
  readonly at?: number;
  readonly channel?: string;
  readonly reversal?: boolean;
};

/** A bank into which a test writes any past, behind its back: the contract posts in the present only. */
export type Stage = {
  readonly account: (wish?: { currency?: string; openedAt?: number }) => Promise<number>;
  /** Gives the id, which grows. */
  readonly posts: (posting: Posting) => Promise<number>;
  readonly postsAll: (postings: readonly Posting[]) => Promise<readonly number[]>;
  readonly refuses: (from: number, amount: number, at: number, code?: string) => Promise<void>;
  readonly signsIn: (account: number, type: string, ip: string, at: number) => Promise<void>;
  readonly limits: (
    account: number,
    type: string,
    single: number,
    daily: number,
    span?: { from?: number; until?: number },
  ) => Promise<void>;
  readonly flags: (transaction: number, account: number, at: number, clearedAt?: number) => Promise<void>;
  /** The last transactions of a rule's hits on those accounts. */
  readonly lastOf: (rule: AnyRule, ...accounts: readonly number[]) => Promise<readonly number[]>;
  readonly hits: (rule: AnyRule, ...accounts: readonly number[]) => Promise<readonly Found[]>;
};

const at = (offset: number): Date => new Date(noon + offset);

/** Accounts are in euro and a year old unless told; each has an owner of its own. */
export const aStage = async (bank: Bank): Promise<Stage> => {
  await bank.behindItsBack(`UPDATE bank.calendar SET time_zone = 'Europe/Berlin'`);
  let lastId = 0;

  const account: Stage['account'] = async ({ currency = 'EUR', openedAt = -400 * day } = {}) => {
    const id = ++lastId;
    await bank.behindItsBack(
      `INSERT INTO bank.account (id, number, user_id, type, currency, status, opened_at, activated_at) OVERRIDING SYSTEM VALUE
       VALUES ($1::bigint, lpad($1::bigint::text, 12, '0'), $1::bigint, 'current', $2, 'active', $3::timestamptz, $3::timestamptz)`,
      [id, currency, at(openedAt)],
    );
    return id;
  };

  const posts: Stage['posts'] = async ({ from, to, amount, at: offset = 0, channel = 'online', reversal = false }) => {
    const id = ++lastId;
    const type = reversal ? 'reversal' : from === undefined ? 'deposit' : to === undefined ? 'withdrawal' : 'transfer';
    await bank.behindItsBack(
      `INSERT INTO bank.transaction (id, type, from_account_id, to_account_id, amount, currency, channel, reverses, business_day, posted_at)
       SELECT $1::bigint, $2::bank.transaction_type, $3::bigint, $4::bigint, $5::bigint, a.currency, $6, CASE WHEN $2::bank.transaction_type = 'reversal' THEN 0 - $1::bigint END,
              bank.business_day($7::timestamptz), $7::timestamptz
         FROM bank.account a WHERE a.id = coalesce($3::bigint, $4::bigint)`,
      [id, type, from ?? null, to ?? null, amount, channel, at(offset)],
    );
    return id;
  };

  const hits: Stage['hits'] = async (rule, ...accounts) =>
    (await hitsOf(bank.db, rule)).filter(hit => accounts.includes(Number(hit.account)));

  return {
    account,
    posts,
    postsAll: async postings => {
      const ids: number[] = [];
      for (const posting of postings) ids.push(await posts(posting));
      return ids;
    },
    refuses: (from, amount, offset, code = 'single-limit') =>
      bank.behindItsBack(
        `INSERT INTO bank.posting_refusal (type, from_account_id, amount, currency, code, message, refused_at) VALUES ('withdrawal', $1, $2, 'EUR', $3, 'no', $4)`,
        [from, amount, code, at(offset)],
      ),
    signsIn: (user, type, ip, offset) =>
      bank.behindItsBack(`INSERT INTO bank.auth_event (type, username, user_id, ip, at) VALUES ($1, 'somebody', $2, $3, $4)`, [
        type,
        user,
        ip,
        at(offset),
      ]),
    limits: (target, type, single, daily, { from = -300 * day, until } = {}) =>
      bank.behindItsBack(
        `INSERT INTO bank.limit_override (account_id, type, single, daily, created_at, expires_at, reason) VALUES ($1, $2, $3, $4, $5, $6, 'of a test')`,
        [target, type, single, daily, at(from), until === undefined ? null : at(until)],
      ),
    flags: (transaction, target, offset, clearedAt) =>
      bank.behindItsBack(
        `INSERT INTO ops.transaction_flag (transaction_id, account_id, note, flagged_by, flagged_at, cleared_by, cleared_at, clear_note)
         VALUES ($1, $2, 'a note of a test', 1, $3, $4, $5, $6)`,
        [transaction, target, at(offset), ...(clearedAt === undefined ? [null, null, null] : [1, at(clearedAt), 'a note of a test'])],
      ),
    hits,
    lastOf: async (rule, ...accounts) => (await hits(rule, ...accounts)).map(({ last }) => Number(last)),
  };
};
