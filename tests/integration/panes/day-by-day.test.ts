import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database, type Db } from '../../../src/database/client.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { parseFilter } from '../../../src/domain/filter.ts';
import type { PageRequest } from '../../../src/domain/page.ts';
import { transactionPage } from '../../../src/resources/transactions/queries.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';

let bank: TestDatabase;
let database: Database;
let statements: string[] = [];
beforeAll(async () => {
  bank = await aDatabase('demo');
  database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
});
afterAll(async () => {
  await database.close();
  await bank.drop();
});

const listening = {
  $queryRaw: (sql: TemplateStringsArray, ...values: unknown[]) => database.reads.$queryRaw(sql, ...values),
  $queryRawUnsafe: (sql: string, ...values: string[]) => {
    statements.push(sql);
    return database.reads.$queryRawUnsafe(sql, ...values);
  },
} as unknown as Db;

const termsOf = (filter: string) => {
  const terms = parseFilter(filter, transactionPage.fields, { today: '2026-11-21', currency: 'EUR' });
  if (!terms.ok) throw new Error(terms.refusal.message);
  return terms.value;
};

const expected = async (condition: string, descending: boolean): Promise<readonly bigint[]> => {
  const direction = descending ? 'DESC' : 'ASC';
  const rows = await database.reads.$queryRawUnsafe<{ id: bigint }[]>(
    `SELECT id FROM bank.transaction WHERE lower(coalesce(counterparty, '') || ' ' || description) LIKE '%rent%' AND ${condition}
      ORDER BY posted_at ${direction}, id ${direction}`,
  );
  return rows.map(row => row.id);
};

const readAll = async (filter: string, descending: boolean): Promise<readonly bigint[]> => {
  const request: PageRequest = { terms: termsOf(filter), sort: { field: 'posted', descending }, limit: 400 };
  const ids: bigint[] = [];
  let page = await transactionPage.page(listening, request);
  for (;;) {
    ids.push(...page.rows.map(row => row.id));
    const place = page.rows.at(-1);
    if (!page.more || !place) return ids;
    page = await transactionPage.page(listening, { ...request, at: { direction: 'after', place } });
  }
};

/** Days are those of the bank, wherever it stands. */
const begins = (day: string): string => `(timestamp '${day}' AT TIME ZONE (SELECT time_zone FROM bank.calendar))`;
const fourMonths = `posted_at >= ${begins('2026-03-01')} AND posted_at < ${begins('2026-07-01')}`;

test.each([
  ['rent', 'true', true],
  ['rent', 'true', false],
  ['rent !channel=atm', `channel <> 'atm'`, true],
  ['rent posted:2026-03-01..2026-06-30', fourMonths, true],
  ['rent posted:2026-03-01..2026-06-30', fourMonths, false],
])('words in a few days of many are read day by day: "%s", %s, descending %s', async (filter, condition, descending) => {
  statements = [];
  const ids = await readAll(filter, descending);
  expect(statements.filter(sql => !sql.startsWith('EXPLAIN')).every(sql => sql.includes('generate_series'))).toBe(true);
  expect(ids.length).toBeGreaterThan(400);
  expect(ids).toEqual(await expected(condition, descending));
});

test('back from a place come the rows before it, and as many are newer', async () => {
  const all = await expected('true', true);
  const sort = { field: 'posted', descending: true };
  const at = await transactionPage.find(database.reads, all[500] ?? 0n);
  if (!at) throw new Error('the row is gone');
  const request: PageRequest = { terms: termsOf('rent'), sort, limit: 100, at: { direction: 'before', place: at } };
  const page = await transactionPage.page(database.reads, request);
  expect(page.rows.map(row => row.id)).toEqual(all.slice(400, 500));
  expect(await transactionPage.newer(database.reads, request)).toBe(500);
});
