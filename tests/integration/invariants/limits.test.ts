import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aBank, refusal, type Bank } from '../../support/acting.ts';
import { insertPosting, post } from '../../support/posting.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

/** Minor units: 2,000 a posting; 10,000 in, 5,000 out, 5,000 sent a day. */
const single = 200_000;
const daily = { deposit: 1_000_000, withdrawal: 500_000, transfer: 500_000 } as const;

/** An account that posts, another one, and how a posting of that type names them. */
const parties = async (type: keyof typeof daily) => {
  const [mine, other] = [(await bank.account()).id, (await bank.account()).id];
  if (type !== 'deposit') await bank.behindItsBack('UPDATE bank.account SET balance = 5000000 WHERE id = $1', [mine]);
  return {
    mine,
    other,
    wish: { type, from: type === 'deposit' ? null : mine, to: { deposit: mine, withdrawal: null, transfer: other }[type] },
  };
};

describe('limits of one posting and of a day', () => {
  test.each(['deposit', 'withdrawal', 'transfer'] as const)('%s', async type => {
    const { wish } = await parties(type);
    expect((await post(bank.db, { ...wish, amount: single + 1 })).code).toBe('single-limit');
    expect(await refusal(bank.db, () => insertPosting(bank.db, { ...wish, amount: single + 1 }))).toMatchObject({
      code: 'BU006',
      detail: 'single-limit',
    });

    let left: number = daily[type];
    for (; left > single; left -= single) expect((await post(bank.db, { ...wish, amount: single })).code).toBeNull();
    expect((await post(bank.db, { ...wish, amount: left - 1 })).code).toBeNull();
    expect(await post(bank.db, { ...wish, amount: 2 })).toMatchObject({ code: 'daily-limit', message: `Daily limit exceeded (${type})` });
    expect(await refusal(bank.db, () => insertPosting(bank.db, { ...wish, amount: 2 }))).toMatchObject({
      code: 'BU006',
      detail: 'daily-limit',
    });
    await insertPosting(bank.db, { ...wish, amount: 1 });
    expect((await post(bank.db, { ...wish, amount: 1 })).code).toBe('daily-limit');
  });

  test('receiving counts for the sender only, and each type by itself', async () => {
    const { mine, other, wish } = await parties('transfer');
    for (let sent = 0; sent < daily.transfer; sent += single / 2) await post(bank.db, { ...wish, amount: single / 2 });
    expect((await post(bank.db, { ...wish, amount: 1 })).code).toBe('daily-limit');
    expect((await post(bank.db, { type: 'withdrawal', from: mine, amount: single })).code).toBeNull();
    expect((await post(bank.db, { type: 'transfer', from: other, to: mine, amount: single })).code).toBeNull();
  });

  test('a currency without minor units has the same limits in units', async () => {
    const { id } = await bank.account({ currency: 'JPY' });
    expect((await post(bank.db, { type: 'deposit', to: id, amount: 2_001, currency: 'JPY' })).code).toBe('single-limit');
    expect((await post(bank.db, { type: 'deposit', to: id, amount: 2_000, currency: 'JPY' })).code).toBeNull();
  });
});

describe('an override', () => {
  const override = (account: string, amount: bigint | number, expires: string) =>
    bank.behindItsBack(
      `INSERT INTO bank.limit_override (account_id, type, single, daily, expires_at, reason)
       SELECT $1, t, $2, $2, clock_timestamp() + $3::interval, 'a test' FROM unnest('{deposit,withdrawal}'::bank.transaction_type[]) t`,
      [account, String(amount), expires],
    );

  test('holds until it expires by database time', async () => {
    const { mine, wish } = await parties('deposit');
    await override(mine, 900_000, '1 hour');
    expect((await post(bank.db, { ...wish, amount: 900_001 })).code).toBe('single-limit');
    expect((await post(bank.db, { ...wish, amount: 800_000 })).code).toBeNull();
    expect((await post(bank.db, { ...wish, amount: 100_001 })).code).toBe('daily-limit');
    await bank.behindItsBack(
      `UPDATE bank.limit_override SET expires_at = clock_timestamp() - interval '1 millisecond' WHERE account_id = $1`,
      [mine],
    );
    expect((await post(bank.db, { ...wish, amount: single + 1 })).code).toBe('single-limit');
    expect((await post(bank.db, { ...wish, amount: single })).code).toBeNull();
    expect((await post(bank.db, { ...wish, amount: 1 })).code).toBe('daily-limit');
  });

  test('expires inside a transaction that was begun before', async () => {
    const { mine, wish } = await parties('deposit');
    await override(mine, 900_000, '300 milliseconds');
    await bank.db.query('BEGIN');
    expect((await post(bank.db, { ...wish, amount: 500_000 })).code).toBeNull();
    await bank.db.query('SELECT pg_sleep(0.35)');
    expect((await post(bank.db, { ...wish, amount: 200_001 })).code).toBe('single-limit');
    await bank.db.query('ROLLBACK');
  });

  test('the newest counts, and as large as a bigint none overflows', async () => {
    const { mine, wish } = await parties('deposit');
    const most = 9_223_372_036_854_775_807n;
    await override(mine, 1, '1 hour');
    await override(mine, most, '1 hour');
    expect((await post(bank.db, { ...wish, amount: most - 5n })).code).toBeNull();
    expect((await post(bank.db, { ...wish, amount: 6 })).code).toBe('daily-limit');
    expect((await post(bank.db, { type: 'withdrawal', from: mine, amount: 1_000 })).code).toBeNull();
    await bank.behindItsBack('DELETE FROM bank.limit_counter WHERE account_id = $1', [mine]);
    expect((await refusal(bank.db, () => post(bank.db, { ...wish, amount: 1_500 }))).code).toBe('22003');
    expect((await post(bank.db, { ...wish, amount: 1_000 })).code).toBeNull();
  });

  test('is nobody’s to set, change or take away without its action', async () => {
    const { id } = await bank.account();
    await override(id, 5, '1 hour');
    const statements = [
      `INSERT INTO bank.limit_override (account_id, type, single, daily, reason) VALUES (${id}, 'deposit', 1, 1, 'x')`,
      `UPDATE bank.limit_override SET single = 1 WHERE account_id = ${id}`,
      `DELETE FROM bank.limit_override WHERE account_id = ${id}`,
    ];
    for (const statement of statements) expect((await refusal(bank.db, () => bank.rows(statement))).code).toBe('BU004');
    for (const [low, high] of [[0, 0], [-1, 5], [6, 5]]) {
      const row = bank.behindItsBack(`INSERT INTO bank.limit_override (account_id, type, single, daily, reason) VALUES (${id}, 'deposit', ${low}, ${high}, 'x')`);
      expect((await refusal(bank.db, () => row)).code).toBe('23514');
    } // prettier-ignore
  });
});

describe('what was used of a limit', () => {
  const attempts: readonly [name: string, sql: string, code: string][] = [
    ['does not become less', 'UPDATE bank.limit_counter SET used = used - 1 WHERE account_id = $1', 'BU010'],
    ['does not move to another day', 'UPDATE bank.limit_counter SET day = day - 1 WHERE account_id = $1', 'BU010'],
    ['does not move to another account', 'UPDATE bank.limit_counter SET account_id = account_id - 1 WHERE account_id = $1', 'BU010'],
    ['is not forgotten today', 'DELETE FROM bank.limit_counter WHERE account_id = $1', 'BU010'],
    ['does not pass the limit', 'UPDATE bank.limit_counter SET used = max + 1 WHERE account_id = $1', '23514'],
  ];
  test.each(attempts)('%s', async (_, sql, code) => {
    const { id } = await bank.account({ balance: 1_000 });
    expect((await refusal(bank.db, () => bank.rows(sql, [id]))).code).toBe(code);
  });
});
