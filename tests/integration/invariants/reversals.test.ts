import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, refusal, toStatus, type Bank } from '../../support/acting.ts';
import { insertPosting, post, type Wish } from '../../support/posting.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

/** Within the action, as it was asked for about one original. */
const reversing = <T>(original: string | null, work: (db: Bank['db']) => Promise<T>) =>
  act(bank.db, bank.one, 'transactions.reverse', work, { target: ['transaction', String(original)] });
const reverse = (original: string | null) =>
  reversing(original, async db => {
    const { rows } = await db.query<{ id: string }>(`SELECT bank.reverse_transaction($1, 'entered twice') AS id`, [original]);
    return rows[0]?.id ?? '';
  });
const byInsert = (wish: Wish & { reverses: string }) => reversing(wish.reverses, db => insertPosting(db, wish));
const balanceOf = async (id: string) =>
  Number((await bank.rows<{ balance: string }>('SELECT balance FROM bank.account WHERE id = $1', [id]))[0]?.balance);

/** A transfer of 300 between two accounts with 1,000 each. */
const aTransfer = async () => {
  const [from, to] = [await bank.account({ balance: 1_000 }), await bank.account({ balance: 1_000 })];
  const { transaction_id: id } = await post(bank.db, { type: 'transfer', from: from.id, to: to.id, amount: 300 });
  return { id: id ?? '', from: from.id, to: to.id };
};

test('turns the legs round, once', async () => {
  const { id, from, to } = await aTransfer();
  const reversal = await reverse(id);
  expect([await balanceOf(from), await balanceOf(to)]).toEqual([1_000, 1_000]);
  expect(
    await bank.rows('SELECT type, from_account_id, to_account_id, amount, reverses FROM bank.transaction WHERE id = $1', [reversal]),
  ).toEqual([{ type: 'reversal', from_account_id: to, to_account_id: from, amount: '300', reverses: id }]);
  expect(await refusal(bank.db, () => reverse(id))).toMatchObject({ code: 'BU007', message: `transaction ${id} was reversed already` });
  expect(await refusal(bank.db, () => reverse(reversal))).toMatchObject({ code: 'BU007', message: 'a reversal cannot be reversed' });
  expect([await balanceOf(from), await balanceOf(to)]).toEqual([1_000, 1_000]);
});

test('a second one is impossible even without triggers', async () => {
  const { id, from, to } = await aTransfer();
  await reverse(id);
  const again = () =>
    bank.behindItsBack(
      `INSERT INTO bank.transaction (id, type, from_account_id, to_account_id, amount, currency, channel, business_day, reverses)
       VALUES (-1, 'reversal', $1, $2, 300, 'EUR', 'internal', now(), $3)`,
      [to, from, id],
    );
  expect((await refusal(bank.db, again)).code).toBe('23505');
});

test('a deposit and a withdrawal are reversed as well', async () => {
  const { id } = await bank.account({ balance: 1_000 });
  const deposit = await post(bank.db, { type: 'deposit', to: id, amount: 50 });
  const withdrawal = await post(bank.db, { type: 'withdrawal', from: id, amount: 70 });
  await reverse(deposit.transaction_id);
  await reverse(withdrawal.transaction_id);
  expect(await balanceOf(id)).toBe(1_000);
});

describe('by plain INSERT it has the legs of its original, turned round', () => {
  const changes: readonly [name: string, change: (right: Wish, third: string) => Partial<Wish>][] = [
    ['as they were', right => ({ from: right.to ?? null, to: right.from ?? null })],
    ['another payer', (_, third) => ({ from: third })],
    ['another payee', (_, third) => ({ to: third })],
    ['no payee', () => ({ to: null })],
    ['no payer', () => ({ from: null })],
    ['another amount', () => ({ amount: 299 })],
    ['more', () => ({ amount: 301 })],
    ['another currency', () => ({ currency: 'USD' })],
  ];
  test.each(changes)('%s', async (_, change) => {
    const { id, from, to } = await aTransfer();
    const third = await bank.account({ balance: 1_000 });
    const right = { type: 'reversal', from: to, to: from, amount: 300, reverses: id };
    expect((await refusal(bank.db, () => byInsert({ ...right, ...change(right, third.id) }))).code).toBe('BU007');
    await byInsert(right);
    expect((await refusal(bank.db, () => byInsert(right))).code).toBe('BU007');
  });

  test('of nothing, or of itself, it is none', async () => {
    const { from, to } = await aTransfer();
    expect(
      (await refusal(bank.db, () => byInsert({ type: 'reversal', from: to, to: from, amount: 300, reverses: '999999999' }))).code,
    ).toBe('BU007');
    expect(
      (await refusal(bank.db, () => reversing(null, db => insertPosting(db, { type: 'reversal', from: to, to: from, amount: 300 })))).code,
    ).toBe('BU007');
  });

  test('another type that names an original is refused', async () => {
    const { id, from, to } = await aTransfer();
    expect((await refusal(bank.db, () => byInsert({ type: 'transfer', from: to, to: from, amount: 300, reverses: id }))).code).toBe(
      '23514',
    );
  });

  test('no ON CONFLICT drops the second one and keeps its money moved', async () => {
    const { id, from, to } = await aTransfer();
    await reverse(id);
    const again = (db: Bank['db']) =>
      db.query(
        `INSERT INTO bank.transaction (type, from_account_id, to_account_id, amount, currency, channel, reverses)
         VALUES ('reversal', $1, $2, 300, 'EUR', 'internal', $3) ON CONFLICT DO NOTHING`,
        [to, from, id],
      );
    expect((await refusal(bank.db, () => reversing(id, again))).code).toBe('BU007');
    expect([await balanceOf(from), await balanceOf(to)]).toEqual([1_000, 1_000]);
  });
});

describe('it is made by transactions.reverse', () => {
  test('and by nothing else', async () => {
    const { id, from, to } = await aTransfer();
    const nameless = () => bank.rows(`SELECT bank.reverse_transaction($1, 'x')`, [id]);
    const otherwise = () =>
      act(bank.db, bank.one, 'transactions.flag', db =>
        insertPosting(db, { type: 'reversal', from: to, to: from, amount: 300, reverses: id }),
      );
    expect((await refusal(bank.db, nameless)).code).toBe('BU004');
    expect((await refusal(bank.db, otherwise)).code).toBe('BU004');
  });

  test('of what was approved, and of nothing else', async () => {
    const [approved, other] = [await aTransfer(), await aTransfer()];
    const byContract = async (db: Bank['db']): Promise<unknown> =>
      db.query(`SELECT bank.reverse_transaction($1, 'entered twice')`, [other.id]);
    const byHand = async (db: Bank['db']): Promise<unknown> =>
      insertPosting(db, { type: 'reversal', from: other.to, to: other.from, amount: 300, reverses: other.id });
    for (const work of [byContract, byHand]) expect((await refusal(bank.db, () => reversing(approved.id, work))).code).toBe('BU004');
    expect(await balanceOf(other.from)).toBe(700);
  });

  test('on a frozen account too, but not on a closed one or without funds', async () => {
    const frozen = await aTransfer();
    await toStatus(bank.db, bank.one, frozen.to, 'frozen');
    await reverse(frozen.id);
    expect([await balanceOf(frozen.from), await balanceOf(frozen.to)]).toEqual([1_000, 1_000]);

    const spent = await aTransfer();
    await post(bank.db, { type: 'withdrawal', from: spent.to, amount: 1_100 });
    expect(await refusal(bank.db, () => reverse(spent.id))).toMatchObject({ code: 'BU006', detail: 'insufficient-funds' });

    const closed = await aTransfer();
    await post(bank.db, { type: 'withdrawal', from: closed.from, amount: 700 });
    await toStatus(bank.db, bank.one, closed.from, 'closed');
    expect(await refusal(bank.db, () => reverse(closed.id))).toMatchObject({ code: 'BU006', detail: 'account-closed' });
    expect((await refusal(bank.db, () => reverse('999999999'))).code).toBe('BU011');
    expect(await bank.rows('SELECT * FROM bank.reconcile()')).toEqual([]);
  });
});
