import { afterAll, beforeAll, expect, test } from 'vitest';
import { verbs } from '../../src/domain/audit.ts';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
const note = 'asked for by the customer, ticket 4711';
const accounts = new Map<string, string>();

beforeAll(async () => {
  bank = await aGuideBank();
  const [pending, rejected] = (await bank.rows(`SELECT number FROM bank.account WHERE status = 'pending' ORDER BY id LIMIT 2`)).map(row =>
    String(row['number']),
  );
  accounts.set('approved', pending ?? '').set('rejected', rejected ?? '');
  await bank.bursar('accounts', 'approve', pending ?? '', '--note', note, '--yes');
  await bank.bursar('accounts', 'reject', rejected ?? '', '--ground', 'documents missing', '--note', note, '--yes');
  await bank.bursar('accounts', 'freeze', pending ?? '', '--ground', 'compliance', '--note', note, '--yes');
  await bank.tries('accounts', 'freeze', pending ?? '', '--ground', 'compliance', '--note', note, '--yes');
  const who = ['--username', 'grace.hopper', '--email', 'grace@mail.example', '--first-name', 'Grace', '--last-name', 'Hopper'];
  await bank.bursar('users', 'create', ...who, '--note', note, '--yes');
  await bank.bursar('users', 'show', 'grace.hopper');
  await bank.bursar('accounts', 'list', '--csv');
});
afterAll(() => bank[Symbol.asyncDispose]());

type Listed = { readonly rows: readonly Record<string, unknown>[]; readonly next?: string };
const listed = async (...words: string[]) => JSON.parse(await bank.bursar('audit', 'list', ...words, '--json')) as Listed;

test('F11 the log tells who did what to which record, old and new, outcome, from where, and nobody can change it', async () => {
  const number = accounts.get('approved') ?? '';
  await using console = await bank.screen('audit');
  await goTo(console, 'audit action=accounts.freeze outcome=success');
  await console.sees(
    '1 of 1',
    'demo',
    'accounts.freeze (update)',
    `account ${number}`,
    'success',
    'compliance',
    note,
    'Old and new',
    'as it was sealed',
  );
  const [row] = (await listed('action=accounts.freeze')).rows.toReversed();
  expect(row).toMatchObject({
    operator: 'demo',
    action: 'accounts.freeze',
    verb: 'update',
    entity: 'account',
    entityLabel: number,
    outcome: 'success',
    reason: 'compliance',
    note,
  });
  const shown = await bank.bursar('audit', 'show', String(row?.['id']));
  for (const part of ['Old and new', 'status', 'active', 'frozen', 'Client', 'Session', 'Request', 'Hash']) expect(shown).toContain(part);
  expect((await listed('action=accounts.freeze', 'outcome=refused')).rows).toMatchObject([
    { error: expect.stringContaining('is frozen') as string },
  ]);

  for (const sql of [
    'UPDATE ops.audit SET operator = $1',
    'DELETE FROM ops.audit WHERE operator <> $1',
    `INSERT INTO ops.audit (action, verb, entity, entity_id, outcome) VALUES ($1, 'update', 'user', '1', 'success')`,
  ])
    await expect(bank.rows(sql, ['mallory'])).rejects.toThrow(/kept as it was written|recorded only by the action/);
  await expect(bank.rows('TRUNCATE ops.audit')).rejects.toThrow('kept as it was written');
  expect(await bank.bursar('audit', 'verify')).toMatch(/whole|unbroken|intact|in order|verified/i);
});

test('F12 every row is one of ten kinds: create, update, delete, view, approve, reject, export, import, login, logout', async () => {
  expect(verbs).toEqual(['create', 'update', 'delete', 'view', 'approve', 'reject', 'export', 'import', 'login', 'logout']);
  await bank.bursar('audit', 'list');
  const made = {
    create: 'users.create',
    update: 'accounts.freeze',
    view: 'user.view',
    approve: 'accounts.approve',
    reject: 'accounts.reject',
    export: 'account.export',
    login: 'sessions.open',
    logout: 'sessions.close',
  };
  await using console = await bank.screen('audit');
  for (const [verb, action] of Object.entries(made)) {
    expect((await listed(`verb=${verb}`)).rows.map(row => row['action'])).toContain(action);
    await goTo(console, `audit verb=${verb}`);
    await console.sees(`verb=${verb}`, action);
    expect(await bank.value('SELECT count(*) > 0 FROM ops.audit WHERE verb = $1 AND action = $2', [verb, action])).toBe('true');
  }
  for (const verb of ['delete', 'import']) expect((await listed(`verb=${verb}`)).rows).toEqual([]);
  expect(await bank.tries('audit', 'list', 'verb=tampered')).toMatchObject({ code: 2 });
});

test('P12 activity a hundred at a time, by action, date and role, and of one user', async () => {
  const all = Number(await bank.value('SELECT count(*) FROM ops.audit'));
  const first = await listed('--limit', '5');
  expect(first.rows).toHaveLength(5);
  const second = await listed('--limit', '100', '--after', String(first.next));
  const seqs = [...first.rows, ...second.rows].map(row => Number(row['id']));
  expect(seqs).toEqual(seqs.toSorted((a, b) => b - a));
  expect(new Set(seqs).size).toBe(seqs.length);
  expect(seqs.length).toBeGreaterThanOrEqual(Math.min(all, 105) - 5);

  await using console = await bank.screen('audit');
  await goTo(console, 'audit action:accounts. time=today role=manager operator=demo');
  await console.sees('1 of 4', 'accounts.approve', 'accounts.reject', 'accounts.freeze');
  const same = await listed('action:accounts.', 'time=today', 'role=manager', 'operator=demo');
  const expected = await bank.rows(
    `SELECT seq FROM ops.audit WHERE action LIKE 'accounts.%' AND at::date >= current_date - 1 AND operator = 'demo' ORDER BY seq DESC`,
  );
  expect(same.rows.map(row => Number(row['id']))).toEqual(expected.map(({ seq }) => Number(seq)));
  expect((await listed('role=developer')).rows).toEqual([]);
  expect((await listed('operator=vera')).rows).toEqual([]);
  expect((await listed('time:2020-01-01..2020-12-31')).rows).toEqual([]);
  const grace = await bank.value(`SELECT id FROM bank."user" WHERE username = 'grace.hopper'`);
  expect((await listed('entity=user', `record=${grace}`)).rows.map(row => row['action'])).toEqual(['user.view', 'users.create']);
});
