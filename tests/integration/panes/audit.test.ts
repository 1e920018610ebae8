import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditRow } from '../../../src/resources/audit/queries.ts';
import { aDemoBank, resourceNamed, signedIn, type TestSession } from '../../support/session.ts';

let bank: TestSession;
beforeAll(async () => {
  bank = await aDemoBank();
});
afterAll(async () => {
  await bank[Symbol.asyncDispose]();
});

const find = (filter: string) => bank.list('audit', filter) as Promise<readonly AuditRow[]>;
const request = '7d9b4d4e-0c5b-4b0e-9a55-5a3f0a6d4711';
const note = 'asked for by the customer, ticket 4711';

test('rows are found by operator, role, action, verb, record, outcome, time and request', async () => {
  const id = (await bank.value(`SELECT id FROM bank."user" WHERE status = 'active' AND role = 'customer' ORDER BY id LIMIT 1`)) as string;
  await bank.run('users.lock', { id, note }, request);
  await bank.run('users.lock', { id, note });
  await using ravi = await signedIn(bank.url, 'ravi');
  await ravi.run('users.unlock', { id, note });

  const actionsOf = async (filter: string) =>
    (await find(filter)).map(({ operator, action, outcome }) => `${operator} ${action} ${outcome}`);
  expect(await actionsOf(`entity=user record=${id}`)).toEqual([
    'ravi users.unlock refused',
    'demo users.lock refused',
    'demo users.lock success',
  ]);
  expect(await actionsOf(`record=${id} outcome=success`)).toEqual(['demo users.lock success']);
  expect(await actionsOf('operator=ravi verb=update')).toEqual(['ravi users.unlock refused']);
  expect(await actionsOf('role=support action=users.lock')).toEqual(['demo users.lock refused', 'demo users.lock success']);
  expect(await actionsOf('role=nothing')).toEqual([]);
  expect(await actionsOf(request)).toEqual(['demo users.lock success']);
  expect(await actionsOf('users. since=1h')).toHaveLength(3);
  expect(await actionsOf('users. time:2020-01-01..2020-12-31')).toEqual([]);
  expect(await actionsOf("record=' entity=user")).toEqual([]);
});

test('a detail lays old beside new, checks the seal and leads to the record', async () => {
  const [locked] = await find(request);
  const sections = await bank.detail('audit', locked?.id ?? 0n);
  expect(sections.find(({ title }) => title === 'Old and new')?.table).toEqual({
    columns: ['Field', 'Old', 'New'],
    rows: [
      ['status', 'active', 'locked'],
      ['sessionsEnded', '-', expect.any(String)],
    ],
  });
  expect(sections.find(({ title }) => title === 'Seal')?.lines).toEqual([
    ['Content', 'as it was sealed', 'good'],
    ['Hash', expect.stringMatching(/^[0-9a-f]{64}$/)],
    ['Row before', expect.stringMatching(/^([0-9a-f]{64}|00)$/)],
  ]);
  expect(sections.flatMap(({ lines = [] }) => lines)).toContainEqual(['Request', request]);
  const { jumps } = resourceNamed('audit');
  expect([jumps.u?.(locked!), jumps.a?.(locked!)]).toEqual([{ resource: 'users', filter: `id=${locked?.entityId}` }, undefined]);
});

test('a large document is compared where it is kept, and arrives cut', async () => {
  // behind the back of the triggers, which let nobody write a row of their own
  await bank.rows(`DO $$ BEGIN PERFORM set_config('session_replication_role', 'replica', true);
    INSERT INTO ops.audit (seq, at, db_role, action, verb, entity, entity_id, outcome, old, new, transaction_number, prev, hash)
    SELECT 999999, now(), 'postgres', 'users.edit', 'update', 'user', '1', 'success', jsonb_build_object('same', 1, 'text', repeat('a', 5000000)),
           jsonb_build_object('same', 1, 'text', repeat('b', 5000000), 'list', '[1, 2]'::jsonb), 1, '', ''; END $$`);
  const began = performance.now();
  const sections = await bank.detail('audit', 999_999n);
  expect(performance.now() - began).toBeLessThan(8_000);
  const rows = sections.find(({ title }) => title === 'Old and new')?.table?.rows ?? [];
  expect(rows).toEqual([
    ['text', 'a'.repeat(1_000), 'b'.repeat(1_000)],
    ['list', '-', '[1, 2]'],
  ]);
  expect(sections.find(({ title }) => title === 'Seal')?.lines?.[0]).toEqual(['Content', expect.stringContaining('NOT'), 'bad']);
});

test('reading the log is recorded, once for every reader', async () => {
  await using aron = await signedIn(bank.url, 'aron');
  await aron.list('audit');
  await aron.list('audit', 'operator=demo');
  const looks = await bank.rows(`SELECT action, verb FROM ops.audit WHERE operator = 'aron' AND entity = 'audit'`);
  expect(looks).toEqual([{ action: 'audit.view', verb: 'view' }]);
});

test('whoever may not read it is refused before it is read', async () => {
  await using vera = await signedIn(bank.url, 'vera');
  await expect(vera.list('audit')).rejects.toThrow('audit.read');
});
