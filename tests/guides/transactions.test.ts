import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const idsOf = async (condition: string, values: unknown[] = []) =>
  (await bank.rows(`SELECT id FROM bank.transaction WHERE ${condition} ORDER BY posted_at DESC, id DESC LIMIT 1000`, values)).map(
    ({ id }) => Number(id),
  );
const listed = async (...filter: string[]) =>
  (
    JSON.parse(await bank.bursar('transactions', 'list', ...filter, '--limit', '1000', '--json')) as { rows: { id: string | number }[] }
  ).rows.map(({ id }) => Number(id));
const today = `posted_at >= (SELECT bank.business_day()::timestamp AT TIME ZONE time_zone FROM bank.calendar)`;

test('D16 the daily summary by type, and transactions by day, type, amount and account number', async () => {
  const number = await bank.value(`SELECT number FROM bank.account WHERE status = 'active' AND currency = 'EUR' ORDER BY id DESC LIMIT 1`);
  for (const amount of [12_345, 23_456, 34_567]) expect(await bank.post({ type: 'deposit', to: number, amount })).toBeNull();

  const [summary] = await bank.rows(
    `SELECT count(*)::int AS count, sum(amount) FILTER (WHERE currency = 'EUR')::int AS sum FROM bank.transaction WHERE type = 'deposit' AND ${today}`,
  );
  const count = Number(summary?.['count']).toLocaleString('en');
  const value = (Number(summary?.['sum']) / 100).toLocaleString('en', { minimumFractionDigits: 2 });
  await using console = await bank.screen('overview');
  await console.sees(`${count}  EUR ${value}`, 'Withdrawals today', 'Transfers today', 'Reversals today');
  expect(await bank.bursar('overview', 'list')).toMatch(
    new RegExp(`Deposits today +${count}  EUR ${value.replaceAll('.', String.raw`\.`)}`),
  );
  expect(await bank.bursar('overview', 'show', 'Deposits today')).toMatch(
    /Today[\s\S]*deposit[\s\S]*withdrawal[\s\S]*transfer[\s\S]*reversal[\s\S]*all/,
  );

  await goTo(console, 'overview name="deposits today"');
  await console.sees('1 of 1');
  await console.press('enter');
  await console.sees('Transactions > type=deposit posted=today', `1 of ${count}`);
  await goTo(console, `tx account=${number} amount:123..346 type=deposit posted=today`);
  await console.sees('1 of 3', 'EUR 345.67', 'EUR 234.56', 'EUR 123.45');

  expect(await listed('type=deposit', 'posted=today')).toEqual(await idsOf(`type = 'deposit' AND ${today}`));
  expect(await listed('amount:1900..2000', 'since=90d')).toEqual(
    await idsOf(`amount BETWEEN 190000 AND 200000 AND posted_at >= now() - interval '90 days'`),
  );
  expect(await listed(number)).toEqual(
    await idsOf('(SELECT id FROM bank.account WHERE number = $1) IN (from_account_id, to_account_id)', [number]),
  );
  const month = await bank.value(`SELECT to_char(bank.business_day() - 60, 'YYYY-MM')`);
  expect((await listed(`posted:${month}-01..${month}-02`, 'type=transfer')).length).toBe(
    Number(
      await bank.value(
        `SELECT count(*) FROM bank.transaction WHERE type = 'transfer' AND (posted_at AT TIME ZONE (SELECT time_zone FROM bank.calendar))::date IN ($1::date, $1::date + 1)`,
        [`${month}-01`],
      ),
    ),
  );
  const strange = await bank.tries('transactions', 'list', 'posted=2026-02-30');
  expect(strange).toMatchObject({ code: 2, stdout: '' });
});

test("D18 a transaction is flagged with a note, on the sender's account, and the flag is taken back", async () => {
  const [row] = await bank.rows(
    `SELECT t.id, a.number, a.id AS account FROM bank.transaction t JOIN bank.account a ON a.id = t.from_account_id
      WHERE t.type = 'transfer' AND NOT EXISTS (SELECT FROM ops.transaction_flag f WHERE f.transaction_id = t.id) ORDER BY t.id DESC LIMIT 1`,
  );
  const [id, number, account] = [String(row?.['id']), String(row?.['number']), String(row?.['account'])];
  const note = 'same amount to the same stranger for a third time';
  await using console = await bank.screen('transactions');
  await goTo(console, `tx id=${id}`);
  await console.sees('1 of 1', `transaction ${id}`);
  await console.press('x', 'f');
  await console.fill({ note });
  await console.sees(`the flag stands on account ${number}`);
  await console.confirm();
  await console.sees(`[ok] flagged transaction ${id}`, 'flagged');
  expect(await bank.rows('SELECT account_id, note, cleared_at FROM ops.transaction_flag WHERE transaction_id = $1', [id])).toEqual([
    { account_id: account, note, cleared_at: null },
  ]);
  expect(await listed('flagged=yes', `account=${number}`)).toContain(Number(id));
  expect(await bank.bursar('accounts', 'show', number)).toContain(note);

  const twice = await bank.tries('transactions', 'flag', id, '--note', note, '--yes');
  expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('is flagged already') as string });
  await bank.bursar('transactions', 'unflag', id, '--note', 'the stranger is the landlord', '--yes');
  expect(await listed('flagged=yes', `id=${id}`)).toEqual([]);
  expect(await bank.bursar('transactions', 'show', id)).toMatch(
    /flagged by demo: same amount[\s\S]*cleared by demo: the stranger is the landlord/,
  );
  expect((await bank.trail('transaction', id)).map(({ action, outcome, note: said }) => [action, outcome, said])).toEqual([
    ['transactions.flag', 'success', note],
    ['transactions.flag', 'refused', note],
    ['transactions.unflag', 'success', 'the stranger is the landlord'],
  ]);
});
