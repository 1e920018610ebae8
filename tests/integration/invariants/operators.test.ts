import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, refusal, type Bank, type TestOperator } from '../../support/acting.ts';

let bank: Bank;
let idOf: (name: string) => string;
beforeAll(async () => {
  bank = await aBank({ others: { vera: ['viewer'], zoe: ['viewer'] } });
  // the console gets these actions with sign-in
  for (const action of ['operators.change-role', 'settings.change'])
    await bank.rows('INSERT INTO ops.action_permission VALUES ($1, $2)', [action, 'account.freeze']);
  const rows = await bank.rows<{ name: string; id: string }>('SELECT name, id FROM ops.operator');
  idOf = name => rows.find(row => row.name === name)?.id ?? '';
});
afterAll(() => bank[Symbol.asyncDispose]());

const change = (sql: string, values: unknown[] = [], operator: TestOperator = bank.one, action = 'operators.change-role') =>
  act(bank.db, operator, action, db => db.query(sql, values));
const codeOf = async (...change_: Parameters<typeof change>) => (await refusal(bank.db, () => change(...change_))).code;
const grant = 'INSERT INTO ops.operator_role (operator_id, role) VALUES ($1, $2)';

describe('an operator does not change its own roles', () => {
  test('by a grant, a longer grant, another role in its place, or one that moves over', async () => {
    expect(await codeOf(grant, [bank.one.id, 'developer'])).toBe('BU009');
    expect(await codeOf(`UPDATE ops.operator_role SET expires_at = NULL WHERE operator_id = $1`, [bank.one.id])).toBe('BU009');
    expect(await codeOf(`UPDATE ops.operator_role SET role = 'developer' WHERE operator_id = $1 AND role = 'viewer'`, [bank.one.id])).toBe(
      'BU009',
    );
    expect(
      await codeOf(`UPDATE ops.operator_role SET operator_id = $1, role = 'developer' WHERE operator_id = $2`, [bank.one.id, idOf('vera')]),
    ).toBe('BU009');
    await change(grant, [idOf('vera'), 'auditor']);
  });

  test('nor by an action that is about something else', async () => {
    expect(await codeOf(grant, [idOf('vera'), 'developer'], bank.one, 'accounts.freeze')).toBe('BU004');
    expect(await codeOf(`INSERT INTO ops.operator (name, display_name) VALUES ('mallory', 'M')`, [], bank.one, 'accounts.freeze')).toBe(
      'BU004',
    );
    expect(await codeOf(`INSERT INTO platform.setting VALUES ('x', '1', 'x')`, [])).toBe('BU004');
    await change(`INSERT INTO platform.setting VALUES ('x', '1', 'x')`, [], bank.one, 'settings.change');
  });
});

describe('one active administrator always stays', () => {
  const lose: readonly [name: string, sql: string][] = [
    ['the role is taken', `DELETE FROM ops.operator_role WHERE operator_id = $1 AND role = 'admin'`],
    ['the role is changed', `UPDATE ops.operator_role SET role = 'developer' WHERE operator_id = $1 AND role = 'admin'`],
    [
      'the role gets an end',
      `UPDATE ops.operator_role SET expires_at = now() + interval '1 hour' WHERE operator_id = $1 AND role = 'admin'`,
    ],
    [
      'the role moves to one who left',
      `UPDATE ops.operator_role SET operator_id = (SELECT id FROM ops.operator WHERE name = 'zoe') WHERE operator_id = $1 AND role = 'admin'`,
    ],
    ['the operator leaves', 'UPDATE ops.operator SET is_active = false WHERE id = $1'],
  ];

  test.each(lose)('%s', async (_, sql) => {
    await bank.behindItsBack(`UPDATE ops.operator SET is_active = (name <> 'zoe')`);
    await bank.behindItsBack(`DELETE FROM ops.operator_role WHERE role = 'admin'`);
    await bank.behindItsBack(grant, [bank.two.id, 'admin']);
    expect(await codeOf(sql, [bank.two.id])).toBe('BU009');
    // one whose role runs out by itself does not count
    await bank.behindItsBack(
      `INSERT INTO ops.operator_role (operator_id, role, expires_at) VALUES ($1, 'admin', now() + interval '1 hour')`,
      [idOf('vera')],
    );
    expect(await codeOf(sql, [bank.two.id])).toBe('BU009');
    await bank.behindItsBack('UPDATE ops.operator_role SET expires_at = NULL WHERE operator_id = $1', [idOf('vera')]);
    await change(sql, [bank.two.id]);
    expect(await codeOf('UPDATE ops.operator SET is_active = false WHERE id = $1', [idOf('vera')])).toBe('BU009');
  });
});

describe('a session', () => {
  const changes: readonly [name: string, assignment: string][] = [
    ['does not pass to another operator', 'operator_id = operator_id + 1'],
    ['does not get another token', `token_hash = sha256('x')`],
    ['does not grow longer', `expires_at = expires_at + interval '1 second'`],
    ['does not move', `ip = '10.0.0.2'`],
  ];
  test.each(changes)('%s', async (_, assignment) => {
    expect((await refusal(bank.db, () => bank.rows(`UPDATE ops.operator_session SET ${assignment}`))).code).toBe('BU010');
  });

  test('does not come back once it has ended', async () => {
    await bank.rows('UPDATE ops.operator_session SET last_seen_at = now()');
    await bank.rows('SELECT ops.close_session($1)', [bank.two.token]);
    const revive = () => bank.rows('UPDATE ops.operator_session SET revoked_at = NULL WHERE operator_id = $1', [bank.two.id]);
    expect((await refusal(bank.db, revive)).code).toBe('BU010');
  });
});
