import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aBank, refusal, type Bank } from '../../support/acting.ts';
import { insertPosting, post, type Wish } from '../../support/posting.ts';

let bank: Bank;
/** One account in every state, one with money, one in dollars. */
let a: Readonly<Record<'pending' | 'active' | 'frozen' | 'closed' | 'rejected' | 'rich' | 'dollars', string>>;

beforeAll(async () => {
  bank = await aBank();
  const id = async (wish: Parameters<Bank['account']>[0]) => (await bank.account(wish)).id;
  a = {
    pending: await id({ status: 'pending' }),
    active: await id({}),
    frozen: await id({ status: 'frozen', balance: 5_000 }),
    closed: await id({ status: 'closed' }),
    rejected: await id({ status: 'rejected' }),
    rich: await id({ balance: 150_000 }),
    dollars: await id({ currency: 'USD' }),
  };
});
afterAll(() => bank[Symbol.asyncDispose]());

type Case = readonly [name: string, wish: () => Wish, code: string];
const unknown = '999999999';

const refused: readonly Case[] = [
  ...(['pending', 'frozen', 'closed', 'rejected'] as const).flatMap((status): Case[] => [
    [`a deposit on a ${status} account`, () => ({ type: 'deposit', to: a[status], amount: 100 }), `account-${status}`],
    [`a withdrawal from a ${status} account`, () => ({ type: 'withdrawal', from: a[status], amount: 100 }), `account-${status}`],
    [`a transfer from a ${status} account`, () => ({ type: 'transfer', from: a[status], to: a.active, amount: 100 }), `account-${status}`],
    [`a transfer to a ${status} account`, () => ({ type: 'transfer', from: a.rich, to: a[status], amount: 100 }), `account-${status}`],
  ]),
  ['an unknown payee', () => ({ type: 'deposit', to: unknown, amount: 100 }), 'unknown-account'],
  ['an unknown payer', () => ({ type: 'transfer', from: unknown, to: a.active, amount: 100 }), 'unknown-account'],
  ['another currency than the payee has', () => ({ type: 'deposit', to: a.dollars, amount: 100 }), 'currency'],
  ['another currency than the payer has', () => ({ type: 'withdrawal', from: a.rich, amount: 100, currency: 'USD' }), 'currency'],
  ['two accounts of two currencies', () => ({ type: 'transfer', from: a.rich, to: a.dollars, amount: 100 }), 'currency'],
  ['a currency that does not exist', () => ({ type: 'deposit', to: a.active, amount: 100, currency: 'XXX' }), 'currency'],
  ['more than there is', () => ({ type: 'withdrawal', from: a.rich, amount: 150_001 }), 'insufficient-funds'],
  ['more than there is, sent', () => ({ type: 'transfer', from: a.active, to: a.rich, amount: 1 }), 'insufficient-funds'],
  ['nothing', () => ({ type: 'deposit', to: a.active, amount: 0 }), 'amount'],
  ['less than nothing', () => ({ type: 'deposit', to: a.active, amount: -1 }), 'amount'],
  ['more than a posting may', () => ({ type: 'deposit', to: a.active, amount: 200_001 }), 'single-limit'],
  ['as much as a bigint holds', () => ({ type: 'deposit', to: a.active, amount: 9_223_372_036_854_775_807n }), 'single-limit'],
  ['a deposit with a payer', () => ({ type: 'deposit', from: a.rich, to: a.active, amount: 100 }), 'legs'],
  ['a deposit to nobody', () => ({ type: 'deposit', amount: 100 }), 'legs'],
  ['a deposit from somebody to nobody', () => ({ type: 'deposit', from: a.rich, amount: 100 }), 'legs'],
  ['a withdrawal with a payee', () => ({ type: 'withdrawal', from: a.rich, to: a.active, amount: 100 }), 'legs'],
  ['a withdrawal from nobody', () => ({ type: 'withdrawal', amount: 100 }), 'legs'],
  ['a transfer to nobody', () => ({ type: 'transfer', from: a.rich, amount: 100 }), 'legs'],
  ['a transfer from nobody', () => ({ type: 'transfer', to: a.rich, amount: 100 }), 'legs'],
  ['a transfer to oneself', () => ({ type: 'transfer', from: a.rich, to: a.rich, amount: 100 }), 'legs'],
];

describe('what is refused, through the contract and by plain INSERT', () => {
  const money = () => bank.rows('SELECT id, balance FROM bank.account ORDER BY id');
  test.each(refused)('%s', async (_, wish, code) => {
    const before = await money();
    expect((await post(bank.db, wish())).code).toBe(code);
    expect(await refusal(bank.db, () => insertPosting(bank.db, wish()))).toMatchObject({ code: 'BU006', detail: code });
    expect(await money()).toEqual(before);
  });

  const broken: readonly [name: string, sql: string, code: string][] = [
    ['no amount', `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, 1, NULL, 'EUR', 'online')`, '23502'],
    ['no key', `SELECT bank.post_transaction(NULL, 'deposit', NULL, 1, 1, 'EUR', 'online')`, '23502'],
    ['a reversal', `SELECT bank.post_transaction(gen_random_uuid(), 'reversal', NULL, 1, 1, 'EUR', 'online')`, 'BU004'],
    [
      'a channel that does not exist',
      `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, min(id), 1, 'EUR', 'pigeon') FROM bank.account WHERE status = 'active'`,
      '23514',
    ],
    ['a currency of four letters', `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, 1, 1, 'EURO', 'online')`, '22001'],
    [
      'an amount beyond bigint',
      `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, 1, 9223372036854775808, 'EUR', 'online')`,
      '42883',
    ],
  ];
  test.each(broken)('an error and not an answer: %s', async (_, sql, code) => {
    expect((await refusal(bank.db, () => bank.rows(sql))).code).toBe(code);
  });
});

test('a refusal is kept, with its words', async () => {
  const answer = await post(bank.db, { type: 'transfer', from: a.rich, to: a.frozen, amount: 700 });
  expect(answer).toMatchObject({
    transaction_id: null,
    code: 'account-frozen',
    message: expect.stringMatching(/^account \d{12} is frozen$/) as unknown,
  });
  expect(
    await bank.rows('SELECT type, from_account_id, to_account_id, amount, currency, code FROM bank.posting_refusal WHERE id = $1', [
      answer.refusal_id,
    ]),
  ).toEqual([
    { type: 'transfer', from_account_id: a.rich, to_account_id: a.frozen, amount: '700', currency: 'EUR', code: 'account-frozen' },
  ]);
});

describe('legs are guarded even without triggers', () => {
  const legs: readonly [type: string, from: string | null, to: string | null][] = [
    ['deposit', '1', '2'], ['deposit', null, null], ['deposit', '1', null], ['withdrawal', '1', '2'], ['withdrawal', null, '1'], ['withdrawal', null, null],
    ['transfer', '1', null], ['transfer', null, '1'], ['transfer', '1', '1'], ['transfer', null, null], ['reversal', '1', '2'],
  ]; // prettier-ignore
  test.each(legs)('%s from %s to %s', async (type, from, to) => {
    const insert = (amount: number) =>
      bank.behindItsBack(
        `INSERT INTO bank.transaction (id, type, from_account_id, to_account_id, amount, currency, channel, business_day) VALUES (-1, $1, $2, $3, $4, 'EUR', 'online', now())`,
        [type, from, to, amount],
      );
    expect((await refusal(bank.db, () => insert(1))).code).toBe('23514');
    expect((await refusal(bank.db, () => insert(0))).code).toBe('23514');
  });
});

describe('a plain INSERT decides nothing but who pays whom how much', () => {
  test('id, time, day and balances are the bank’s own', async () => {
    const [{ last } = { last: '0' }] = await bank.rows<{ last: string }>('SELECT max(id) AS last FROM bank.transaction');
    const [row] = await bank.rows<Record<string, unknown>>(
      `INSERT INTO bank.transaction (id, type, to_account_id, amount, currency, channel, from_balance_after, to_balance_after, business_day, posted_at)
       VALUES (1, 'deposit', $1, 100, 'EUR', 'atm', 7, 7, '2001-01-01', '2001-01-01') RETURNING id, from_balance_after, to_balance_after,
         business_day = bank.business_day() AS today, posted_at > clock_timestamp() - interval '1 minute' AS now`,
      [a.active],
    );
    expect(Number(row?.['id'])).toBeGreaterThan(Number(last));
    expect(row).toMatchObject({ from_balance_after: null, to_balance_after: '100', today: true, now: true });
  });

  test('no ON CONFLICT drops the row and keeps the money moved', async () => {
    const before = await bank.rows('SELECT balance FROM bank.account WHERE id = $1', [a.rich]);
    for (const target of ['', '(id)']) {
      const taken = `SELECT id, 'deposit', $1, 100, 'EUR', 'atm' FROM bank.transaction LIMIT 1`;
      const rows = await bank.rows(
        `INSERT INTO bank.transaction (id, type, to_account_id, amount, currency, channel) ${taken} ON CONFLICT ${target} DO NOTHING RETURNING id`,
        [a.rich],
      );
      expect(rows).toHaveLength(1);
    }
    expect(Number((await bank.rows<{ balance: string }>('SELECT balance FROM bank.account WHERE id = $1', [a.rich]))[0]?.balance)).toBe(
      Number(before[0]?.['balance']) + 200,
    );
    expect(await bank.rows('SELECT * FROM bank.reconcile()')).toEqual([]);
  });

  test('many rows in one statement are posted one after the other', async () => {
    const { id } = await bank.account({ balance: 300 });
    const insert = (count: number) =>
      bank.rows<{ left: string }>(
        `INSERT INTO bank.transaction (type, from_account_id, amount, currency, channel) SELECT 'withdrawal', $1, 100, 'EUR', 'atm' FROM generate_series(1, $2)
         RETURNING from_balance_after AS left`,
        [id, count],
      );
    expect(await refusal(bank.db, () => insert(4))).toMatchObject({ code: 'BU006', detail: 'insufficient-funds' });
    expect((await insert(3)).map(row => row.left)).toEqual(['200', '100', '0']);
  });
});
