import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aBank, refusal, type Bank } from '../../support/acting.ts';
import { post, type Wish } from '../../support/posting.ts';
import { waitingHere } from '../../support/query.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const aWish = async (): Promise<Wish & { key: string }> => {
  const [from, to] = [await bank.account({ balance: 1_000 }), await bank.account()];
  return { key: randomUUID(), type: 'transfer', from: from.id, to: to.id, amount: 400, description: 'rent' };
};
const count = async () => (await bank.rows('SELECT count(*) FROM bank.transaction'))[0];

const changes: readonly [name: string, change: (wish: Wish, third: string) => Partial<Wish>][] = [
  ['another amount', () => ({ amount: 401 })],
  ['another payee', (_, third) => ({ to: third })],
  ['another payer', (_, third) => ({ from: third })],
  ['another type', () => ({ type: 'withdrawal', to: null })],
  ['another currency', () => ({ currency: 'USD' })],
  ['another description', () => ({ description: 'rent ' })],
];

describe('one key is one posting', () => {
  test('the same content again gives the first result', async () => {
    const wish = await aWish();
    const first = await post(bank.db, wish);
    const before = await count();
    expect(await post(bank.db, wish)).toEqual(first);
    expect(first).toMatchObject({ code: null, refusal_id: null });
    expect(await count()).toEqual(before);
  });

  test.each(changes)('%s under it is refused', async (_, change) => {
    const wish = await aWish();
    await post(bank.db, wish);
    const third = await bank.account({ balance: 1_000 });
    const before = await count();
    expect((await refusal(bank.db, () => post(bank.db, { ...wish, ...change(wish, third.id) }))).code).toBe('BU003');
    expect(await count()).toEqual(before);
  });

  test.each(changes)('after a refusal too: %s', async (_, change) => {
    const wish = { ...(await aWish()), amount: 1_001 };
    const first = await post(bank.db, wish);
    expect(first).toMatchObject({ code: 'insufficient-funds', transaction_id: null });
    await post(bank.db, { type: 'deposit', to: wish.from ?? null, amount: 5_000 });
    expect(await post(bank.db, wish)).toEqual(first);
    const third = await bank.account({ balance: 1_000 });
    const changed = { ...wish, ...change(wish, third.id) };
    expect((await refusal(bank.db, () => post(bank.db, changed))).code).toBe('BU003');
  });

  test('a posting that was rolled back has used no key', async () => {
    const wish = await aWish();
    await bank.db.query('BEGIN');
    await post(bank.db, wish);
    await bank.db.query('ROLLBACK');
    expect((await post(bank.db, { ...wish, amount: 1 })).code).toBeNull();
  });

  test('a repeat that runs beside the first waits for it', async () => {
    const wish = await aWish();
    const other = await bank.connect();
    await bank.db.query('BEGIN');
    const first = await post(bank.db, wish);
    const second = post(other, wish);
    await expect.poll(() => bank.rows(waitingHere), { timeout: 60_000 }).toHaveLength(1);
    await bank.db.query('COMMIT');
    expect(await second).toEqual(first);
    await other.end();
  });
});

describe('a key', () => {
  const attempts: readonly [name: string, sql: string][] = [
    ['is not answered anew', 'UPDATE bank.idempotency_key SET transaction_id = 1 WHERE key = $1'],
    ['does not change its content', `UPDATE bank.idempotency_key SET content_hash = '\\x00' WHERE key = $1`],
    ['does not pass to another', 'UPDATE bank.idempotency_key SET key = gen_random_uuid() WHERE key = $1'],
    ['is not forgotten', 'DELETE FROM bank.idempotency_key WHERE key = $1'],
  ];
  test.each(attempts)('%s', async (_, sql) => {
    const wish = await aWish();
    await post(bank.db, wish);
    expect((await refusal(bank.db, () => bank.rows(sql, [wish.key]))).code).toBe('BU010');
  });

  test('goes once nobody can repeat it any more', async () => {
    const wish = await aWish();
    await post(bank.db, wish);
    await bank.behindItsBack(`UPDATE bank.idempotency_key SET created_at = now() - interval '31 days' WHERE key = $1`, [wish.key]);
    expect(await bank.rows('DELETE FROM bank.idempotency_key WHERE key = $1 RETURNING key', [wish.key])).toHaveLength(1);
  });
});
