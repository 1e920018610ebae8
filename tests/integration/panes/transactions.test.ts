import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Receipt } from '../../../src/kit/request.ts';
import type { TransactionRow } from '../../../src/resources/transactions/queries.ts';
import { aDemoBank, type TestSession } from '../../support/session.ts';

let bank: TestSession;
beforeAll(async () => {
  bank = await aDemoBank();
});
afterAll(async () => {
  await bank[Symbol.asyncDispose]();
});

const note = 'looks like a card that was skimmed';
const find = (filter: string, limit = 1_000) => bank.list('transactions', filter, limit) as Promise<readonly TransactionRow[]>;
const ids = (rows: readonly { id: bigint }[]) => rows.map(({ id }) => String(id)).toSorted();
const idsOf = async (sql: string, values: unknown[] = []) =>
  (await bank.rows(`SELECT id FROM bank.transaction t WHERE ${sql}`, values)).map(({ id }) => String(id)).toSorted();
const undo = (outcome: Outcome<Receipt>) =>
  outcome.ok && outcome.value.waysBack[0] ? bank.run(outcome.value.waysBack[0].action, outcome.value.waysBack[0].input) : undefined;

describe('a filter finds what plain SQL finds', () => {
  test('by account, on either side', async () => {
    const number =
      (await bank.value(`SELECT number FROM bank.account a WHERE EXISTS (SELECT FROM bank.transaction WHERE from_account_id = a.id)
      AND EXISTS (SELECT FROM bank.transaction WHERE to_account_id = a.id) ORDER BY id LIMIT 1`)) as string;
    const expected = await idsOf('(SELECT id FROM bank.account WHERE number = $1) IN (from_account_id, to_account_id)', [number]);
    expect(expected.length).toBeGreaterThan(2);
    expect(ids(await find(`account=${number}`))).toEqual(expected);
    expect(ids(await find(number))).toEqual(expected);
    const username = (await bank.value('SELECT username FROM bank."user" u JOIN bank.account a ON a.user_id = u.id WHERE number = $1', [
      number,
    ])) as string;
    expect(ids(await find(`user=${username}`))).toEqual(expect.arrayContaining(expected));
  });

  test.each([
    ['status=reversed', 'EXISTS (SELECT FROM bank.transaction r WHERE r.reverses = t.id)'],
    ['flagged=yes', 'id IN (SELECT transaction_id FROM ops.transaction_flag WHERE cleared_at IS NULL)'],
    ['type=reversal', `type = 'reversal'`],
    ['amount:1,950..2,000', 'amount BETWEEN 195000 AND 200000'],
    ['since=1d channel=atm', `posted_at >= now() - interval '1 day' AND channel = 'atm'`],
    ['Noël since=60d', `posted_at >= now() - interval '60 days' AND counterparty LIKE '%Noël%'`],
  ])('%s', async (filter, sql) => {
    const found = ids(await find(filter));
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(await idsOf(sql));
  });

  test('and its opposite finds the others', async () => {
    const none = (await find('flagged=no since=2d')).filter(({ flagged }) => flagged);
    const posted = (await find('status=posted since=2d')).filter(({ reversedBy }) => reversedBy !== null);
    expect([none, posted]).toEqual([[], []]);
  });

  test('by id alone, or nothing', async () => {
    expect(ids(await find('id=77'))).toEqual(['77']);
    expect(await find('account=000000000000')).toEqual([]);
    await expect(find('no')).rejects.toThrow('"no" is too short to search for');
  });
});

describe('flag', () => {
  test('stands on the sender, shows in list, detail and account, and is undone by its way back', async () => {
    const [transaction] = await find('flagged=no type=transfer', 1);
    const id = String(transaction?.id);
    const flagged = await bank.run('transactions.flag', { id, note });
    expect(await bank.rows('SELECT account_id, note, cleared_at FROM ops.transaction_flag WHERE transaction_id = $1', [id])).toEqual([
      { account_id: String(transaction?.fromId), note, cleared_at: null },
    ]);
    expect(ids(await find(`flagged=yes id=${id}`))).toEqual([id]);
    const sections = await bank.detail('transactions', BigInt(id));
    expect(sections.find(({ title }) => title === 'Flags')?.lines).toEqual([[expect.any(String), `flagged by demo: ${note}`, 'warn']]);
    expect(sections.find(({ title }) => title === 'Audit')?.table?.rows).toEqual([
      [expect.any(String), expect.any(String), 'demo', 'transactions.flag', 'success'],
    ]);
    const account = await bank.detail('accounts', transaction?.fromId ?? 0n);
    expect(account.find(({ title }) => title === 'Flagged transactions')?.lines?.[0]?.[1]).toContain(note);

    expect(await undo(flagged)).toMatchObject({ ok: true, value: { summary: `unflagged transaction ${id}` } });
    expect(await find(`flagged=yes id=${id}`)).toEqual([]);
    expect(await bank.rows('SELECT clear_note FROM ops.transaction_flag WHERE transaction_id = $1', [id])).toEqual([
      { clear_note: `undone: ${note}` },
    ]);
  });

  test('is set once, and a stale look at it is refused', async () => {
    const [transaction] = await find('flagged=no type=deposit', 1);
    const typed = { id: String(transaction?.id), note };
    const preview = await bank.preview('transactions.flag', typed);
    const seen = preview.ok ? { version: preview.value.target.version, hash: preview.value.hash } : { version: -1, hash: '' };
    const flagged = await bank.run('transactions.flag', typed);
    expect(await bank.run('transactions.flag', typed)).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
    await undo(flagged);
    const action = bank.session.registry.actions.find(({ id }) => id === 'transactions.flag');
    const late = await bank.session.run(action!, typed, { request: crypto.randomUUID(), expected: seen });
    expect(late).toMatchObject({ ok: false, refusal: { kind: 'stale' } });
  });
});

test('a detail shows both legs with owners and balances, and where a reversal leads', async () => {
  const [reversal] = await find('type=reversal', 1);
  const [original] = await find(`id=${reversal?.reverses}`);
  const line = async (id: bigint, label: string) =>
    (await bank.detail('transactions', id))[0]?.lines?.find(([name]) => name === label)?.[1];
  expect(await line(reversal?.id ?? 0n, 'Reverses')).toBe(`transaction ${original?.id}`);
  expect(await line(original?.id ?? 0n, 'Reversed by')).toBe(`transaction ${reversal?.id}`);
  const [transfer] = await find('type=transfer', 1);
  const sections = await bank.detail('transactions', transfer?.id ?? 0n);
  for (const [title, number, amount] of [
    ['From', transfer?.fromNumber, /^-EUR/],
    ['To', transfer?.toNumber, /^\+EUR/],
  ] as const) {
    expect(sections.find(section => section.title === title)?.lines).toEqual([
      ['Account', expect.stringContaining(`${number}, `)],
      ['Owner', expect.stringMatching(/\(.+\)$/)],
      ['Amount', expect.stringMatching(amount)],
      ['Balance after', expect.stringMatching(/^EUR/)],
    ]);
  }
});
