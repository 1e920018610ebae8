import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { previewBulk, requestOf, runBulk, type BulkWatch, type RecordResult } from '../../../src/kit/run-bulk.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { actionNamed } from '../../support/session.ts';
import { singleOf } from '../../../src/kit/single.ts';
import { actions } from '../../../src/resources/registry.ts';

const lock = actionNamed('users.lock');
const note = 'locked together by a test';

const customers = async ({ bank }: ActingBank, count: number): Promise<string[]> => {
  const rows = await bank.rows<{ id: string }>(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status)
     SELECT 'customer' || n, 'customer' || n || '@mail.example', 'Customer', 'Number ' || n, 'customer', 'active' FROM generate_series(1, $1::int) n RETURNING id`,
    [count],
  );
  return rows.map(row => row.id);
};

const watching = (proceed: boolean, seen: RecordResult[] = [], signal = new AbortController().signal): BulkWatch => ({
  onResult: result => void seen.push(result),
  proceed: () => Promise.resolve(proceed),
  signal,
});

const bulkOf = (ids: readonly string[]) => ({ request: randomUUID(), ids, typed: { note }, expected: {} });

test('one is done first; after a yes the others follow, one audit row each and one for the whole', async () => {
  await using world = await anActingBank();
  const ids = await customers(world, 12);
  const seen: RecordResult[] = [];
  const bulk = bulkOf(ids);
  const outcome = await runBulk(lock, bulk, world.acting, watching(true, seen), singleOf(world.acting, actions));
  expect(outcome).toMatchObject({ ok: true, value: { skipped: 0, summary: 'locked 12 of 12' } });
  expect(seen.map(result => result.id)).toEqual(ids);
  const rows = await world.bank.rows(
    `SELECT count(*)::int AS rows, count(*) FILTER (WHERE entity_id LIKE 'bulk %')::int AS summaries FROM ops.audit WHERE correlation_id = $1 AND outcome = 'success'`,
    [bulk.request],
  );
  expect(rows).toEqual([{ rows: 13, summaries: 1 }]);

  const again = await runBulk(lock, bulk, world.acting, watching(true), singleOf(world.acting, actions));
  expect(again.ok && again.value.results.every(result => result.outcome.ok && result.outcome.value.replayed)).toBe(true);
});

test('a no after the first leaves the others as they were, and the whole is partial', async () => {
  await using world = await anActingBank();
  const ids = await customers(world, 5);
  const bulk = bulkOf(ids);
  expect(await runBulk(lock, bulk, world.acting, watching(false), singleOf(world.acting, actions))).toMatchObject({
    ok: true,
    value: { skipped: 4, summary: 'locked 1 of 5, 4 not tried' },
  });
  expect(await world.bank.rows(`SELECT count(*)::int AS locked FROM bank."user" WHERE status = 'locked'`)).toEqual([{ locked: 1 }]);
  expect(await world.bank.rows('SELECT outcome::text, new FROM ops.audit WHERE request_id = $1', [bulk.request])).toEqual([
    { outcome: 'partial', new: { succeeded: 1, refused: 0, skipped: 4 } },
  ]);
});

test('three failures in a row stop it; what was refused is named record by record', async () => {
  await using world = await anActingBank();
  const ids = await customers(world, 8);
  await world.bank.behindItsBack(`UPDATE bank."user" SET status = 'locked' WHERE id = ANY($1)`, [ids.slice(1, 4)]);
  const preview = await previewBulk(lock, ids, { note }, world.acting, singleOf(world.acting, actions));
  expect(preview).toMatchObject({ ok: true, value: { unseen: 0, refused: ids.slice(1, 4).map(id => ({ id })) } });
  const outcome = await runBulk(lock, bulkOf(ids), world.acting, watching(true), singleOf(world.acting, actions));
  expect(outcome).toMatchObject({ ok: true, value: { skipped: 4, summary: 'locked 1 of 8, 3 refused, 4 not tried' } });
});

test('a bulk larger than its action allows is refused before the first', async () => {
  await using world = await anActingBank();
  const ids = Array.from({ length: 21 }, (_, index) => String(index + 1));
  const typed = { ground: 'compliance', note };
  expect(await previewBulk(actionNamed('accounts.freeze'), ids, typed, world.acting, singleOf(world.acting, actions))).toMatchObject({
    ok: false,
    refusal: { kind: 'invalid', message: expect.stringContaining('open incident') as string },
  });
});

test('the request of a record is a UUID that depends on nothing but bulk and record', () => {
  const bulk = '6f1c1b1e-7d3a-4c52-9a62-0d9b1c8e4f11';
  expect(requestOf(bulk, '17')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(requestOf(bulk, '17')).toBe(requestOf(bulk, '17'));
  expect(requestOf(bulk, '17')).not.toBe(requestOf(bulk, '18'));
});
