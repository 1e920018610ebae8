import { expect, test } from 'vitest';
import { aDatabase } from '../support/database.ts';
import { query } from '../support/query.ts';

test('every test has a database of its own, and it is gone afterwards', { timeout: 120_000 }, async () => {
  const empty = await aDatabase('empty');
  const another = await aDatabase('empty');
  await query(empty.url, 'CREATE TABLE mine (id int)');

  expect(await query(another.url, `SELECT to_regclass('mine') AS mine`)).toEqual([{ mine: null }]);
  await Promise.all([empty.drop(), another.drop()]);
  await expect(query(empty.url, 'SELECT 1')).rejects.toThrow('does not exist');
});

test('the demo bank is built once for the whole run and copied for each test', { timeout: 120_000 }, async () => {
  const counted =
    'SELECT (SELECT count(*)::int FROM bank.account) AS accounts, (SELECT count(*)::int FROM bank.transaction) AS transactions';
  await using first = await aDatabase('demo');
  const started = performance.now();
  await using second = await aDatabase('demo');
  console.log(`a copy of the demo bank took ${Math.round(performance.now() - started)} ms`);

  const [size] = await query(first.url, counted);
  expect(size).toEqual({ accounts: 2500, transactions: expect.closeTo(60_000, -3) as number });
  expect(await query(second.url, counted)).toEqual([size]);
});
