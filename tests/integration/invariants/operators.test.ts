import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, refusal, type Bank, type TestOperator } from '../../support/acting.ts';

let bank: Bank;
let idOf: (name: string) => string;
beforeAll(async () => {
  bank = await aBank({ others: { vera: ['viewer'], zoe: ['viewer'] } });
  // any action on operators: the guards ask for no more than its name
  await bank.rows(`INSERT INTO ops.action_permission VALUES ('operators.change-role', 'account.freeze')`);
  const rows = await bank.rows<{ name: string; id: string }>('SELECT name, id FROM ops.operator');
  idOf = name => rows.find(row => row.name === name)?.id ?? '';
});
afterAll(() => bank[Symbol.asyncDispose]());

const change = (sql: string, values: unknown[] = [], operator: TestOperator = bank.one, action = 'operators.change-role') =>
  act(bank.db, operator, action, db => db.query(sql, values));
const refused = (...change_: Parameters<typeof change>) => refusal(bank.db, () => change(...change_));
const codeOf = async (...change_: Parameters<typeof change>) => (await refused(...change_)).code;
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
  });
});

describe('a setting', () => {
  const rename = `UPDATE platform.setting SET value = '"Another bank"' WHERE key = 'platform.name'`;

  test('is changed by its own actions, and of it only the value', async () => {
    expect(await codeOf(rename)).toBe('BU004');
    for (const sql of [`INSERT INTO platform.setting (key, value) VALUES ('x', '1')`, `UPDATE platform.setting SET label = 'x' WHERE key = 'platform.name'`])
      expect(await codeOf(sql, [], bank.one, 'settings.edit')).toBe('BU010');
    await change(rename, [], bank.one, 'settings.edit');
  }); // prettier-ignore
});

describe('one active administrator always stays', () => {
  const lose: readonly [name: string, sql: string][] = [
    ['the role is taken', `DELETE FROM ops.operator_role WHERE operator_id = $1 AND role = 'admin'`],
    ['the role is changed', `UPDATE ops.operator_role SET role = 'viewer' WHERE operator_id = $1 AND role = 'admin'`],
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
    await bank.behindItsBack(`DELETE FROM ops.operator_role WHERE role = 'admin' OR (operator_id = $1 AND role = 'viewer')`, [bank.two.id]);
    await bank.behindItsBack('DELETE FROM ops.role_grant');
    await bank.behindItsBack(grant, [bank.two.id, 'admin']);
    // whoever changes it is an administrator for an hour: one whose role runs out by itself does not count
    const forAnHour = `INSERT INTO ops.operator_role (operator_id, role, expires_at) VALUES ($1, 'admin', now() + interval '1 hour')`;
    await bank.behindItsBack(forAnHour, [bank.one.id]);
    const last = { code: 'BU009', message: 'the last active administrator must stay: make somebody else one first' };
    expect(await refused(sql, [bank.two.id])).toMatchObject(last);
    await bank.behindItsBack(forAnHour, [idOf('vera')]);
    expect(await refused(sql, [bank.two.id])).toMatchObject(last);
    await bank.behindItsBack('UPDATE ops.operator_role SET expires_at = NULL WHERE operator_id = $1', [idOf('vera')]);
    await change(sql, [bank.two.id]);
    expect(await refused('UPDATE ops.operator SET is_active = false WHERE id = $1', [idOf('vera')])).toMatchObject(last);
  });
});

test('a role that ranks above one’s own is given and taken by those who have it, whoever may change roles', async () => {
  await bank.behindItsBack(`DELETE FROM ops.operator_role WHERE operator_id = $1 AND role = 'admin'`, [bank.one.id]);
  await bank.behindItsBack(`INSERT INTO ops.operator_role (operator_id, role) VALUES ($1, 'admin') ON CONFLICT DO NOTHING`, [idOf('vera')]);
  for (const [sql, role] of [[grant, 'admin'], ['DELETE FROM ops.operator_role WHERE operator_id = $1 AND role = $2', 'admin']] as const) {
    expect(await refused(sql, [idOf(sql === grant ? 'zoe' : 'vera'), role])).toMatchObject({
      code: 'BU009', message: 'the role admin ranks above your own: somebody who holds it, or more, must ask for this',
    });
  } // prettier-ignore
  await change(grant, [idOf('zoe'), 'manager']);
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
