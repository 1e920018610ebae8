import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, hashOf, refusal, writeAudit, type Bank } from '../../support/acting.ts';
import { rolesIn } from '../../support/roles.ts';

let bank: Bank;
let { aUser, grant, roleId } = {} as ReturnType<typeof rolesIn>;
beforeAll(async () => {
  bank = await aBank({ others: { lena: ['support'] } });
  ({ aUser, grant, roleId } = rolesIn(bank));
});
afterAll(() => bank[Symbol.asyncDispose]());

const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(bank.db, attempt)).code;

describe('a role', () => {
  const set = async (slug: string, codenames: readonly string[]) => {
    const [role] = await bank.rows<{ id: string; version: number }>('SELECT id, version FROM platform.role WHERE slug = $1', [slug]);
    return act(bank.db, bank.one, 'roles.set-permissions', db =>
      db.query('SELECT id FROM platform.set_role_permissions($1, $2, $3)', [role?.id, role?.version, codenames]),
    );
  };
  const permissionsOf = async (slug: string) =>
    (
      await bank.rows<{ codename: string }>(
        `SELECT p.codename FROM platform.role r JOIN platform.role_permission rp ON rp.role_id = r.id JOIN platform.permission p ON p.id = rp.permission_id WHERE r.slug = $1 ORDER BY 1`,
        [slug],
      )
    ).map(({ codename }) => codename);

  test('that somebody holds gets more permissions only by two people, and fewer by one', async () => {
    await grant(await aUser(), 'handyconnect-read-only');
    const before = await permissionsOf('handyconnect-read-only');
    expect(await codeOf(() => set('handyconnect-read-only', [...before, 'handyconnect.task.edit']))).toBe('BU012');
    expect(await permissionsOf('handyconnect-read-only')).toEqual(before);
    await set('handyconnect-read-only', ['handyconnect.task.view']);
    expect(await permissionsOf('handyconnect-read-only')).toEqual(['handyconnect.task.view']);
  });

  test.for([
    ['+handyconnect.task.edit', ['handyconnect.task.edit'], 'done'],
    ['+handyconnect.task.*', ['handyconnect.task.edit'], 'done'],
    ['+handyconnect.task.edit', ['handyconnect.security.manage'], 'BU004'],
    ['-handyconnect.task.edit', ['handyconnect.task.edit'], 'BU004'],
  ] as const)('under an approval of %s gets %s: %s', async ([approved, more, expected]) => {
    const [role] = await bank.rows<{ id: string; version: number }>(
      `SELECT id, version FROM platform.role WHERE slug = 'handyconnect-support-agent'`,
    );
    const before = (await permissionsOf('handyconnect-support-agent')).filter(codename => !codename.startsWith('handyconnect.task.'));
    await set('handyconnect-support-agent', before);
    const request = randomUUID();
    await act(
      bank.db,
      bank.maker,
      'approvals.request',
      db =>
        db.query(`SELECT ops.make_request('roles.set-permissions', '1', 'role', $1, $1, 0, $2, $3, '[]', '-', 'asked for by a test', 24)`, [
          role?.id,
          JSON.stringify({ permissions: approved }),
          hashOf('set'),
        ]),
      { request },
    );
    const code = await codeOf(async () => {
      await bank.db.query('BEGIN');
      await bank.db.query(`SELECT ops.begin_action($1, 'roles.set-permissions', $2, $3, $4)`, [
        bank.one.token,
        hashOf('set'),
        randomUUID(),
        request,
      ]);
      await bank.db.query('SELECT platform.set_role_permissions($1, version, $2) FROM platform.role WHERE id = $1', [
        role?.id,
        [...before, ...more],
      ]);
      await writeAudit(bank.db);
      await bank.db.query('COMMIT');
    });
    expect(code).toBe(expected);
    if (expected === 'BU004')
      await act(bank.db, bank.maker, 'approvals.cancel', db =>
        db.query(`SELECT ops.cancel_request(number, 'the next one is asked') FROM ops.approval WHERE id = $1`, [request]),
      );
  });

  test('takes permissions of its own platform only', async () => {
    expect(await codeOf(() => set('banking-superuser', ['phase8.user.manage']))).toBe('BU011');
    expect(await codeOf(() => set('banking-superuser', ['banking.nothing.view']))).toBe('BU011');
  });
});

describe('the own role of a user', () => {
  const change = async (user: string, role: string, operator = bank.one) => {
    const [found] = await bank.rows<{ version: number }>('SELECT version FROM bank."user" WHERE id = $1', [user]);
    return act(bank.db, operator, 'users.change-role', db =>
      db.query('SELECT bank.set_user_role($1, $2, $3)', [user, role, found?.version]),
    );
  };

  test('is raised by two people and lowered by one; every session ends', async () => {
    const user = await aUser('designer');
    await bank.behindItsBack(
      `INSERT INTO bank.auth_session (id, user_id, device, ip, started_at, last_seen_at) VALUES (gen_random_uuid(), $1, 'Firefox', '198.18.0.1', now(), now())`,
      [user],
    );
    expect(await codeOf(() => change(user, 'executive'))).toBe('BU012');
    await change(user, 'viewer');
    expect((await bank.rows('SELECT role, version FROM bank."user" WHERE id = $1', [user]))[0]).toEqual({ role: 'viewer', version: 1 });
    expect(
      (await bank.rows('SELECT count(*)::int AS open FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [user]))[0],
    ).toEqual({ open: 0 });
    expect(await codeOf(() => change(user, 'viewer'))).toBe('BU007');
    expect(await codeOf(() => change(user, 'emperor'))).toBe('BU011');
  });

  test('is not one’s own to change, and an operator’s takes two people even downwards', async () => {
    await bank.behindItsBack(`UPDATE ops.operator SET email = 'two@bank.example' WHERE name = 'two'`);
    const user = await aUser('designer', 'two@bank.example');
    expect(await codeOf(() => change(user, 'viewer', bank.two))).toBe('BU009');
    expect(await codeOf(() => change(user, 'viewer', bank.one))).toBe('BU012');
  });

  test('leaves one administrator', async () => {
    const user = await aUser('admin');
    const other = await aUser('admin');
    await change(user, 'viewer');
    expect(await codeOf(() => change(other, 'viewer'))).toBe('BU009');
  });
});

test('the separation of duties is broken by two roles together, never by one alone', async () => {
  const conflicts = async (user: string, slug: string) =>
    (await bank.rows<{ found: string[] }>('SELECT platform.user_conflicts($1, $2) AS found', [user, await roleId(slug)]))[0]?.found;
  const user = await aUser();
  expect(await conflicts(user, 'fastresult-lecturer')).toEqual([]);
  await grant(user, 'fastresult-lecturer');
  expect(await conflicts(user, 'fastresult-lecturer')).toEqual([]);
  expect(await conflicts(user, 'fastresult-dean')).toEqual(['enters results and approves them']);
  expect(await conflicts(user, 'fastresult-student')).toEqual([]);
  const [operators] = await bank.rows<{ one: string[]; lena: string[] }>(
    `SELECT ops.operator_conflicts($1, 'auditor') AS one, ops.operator_conflicts((SELECT id FROM ops.operator WHERE name = 'lena'), 'manager') AS lena`,
    [bank.one.id],
  );
  expect(operators).toEqual({ one: ['audits and may write'], lena: ['creates users and approves their accounts'] });
});
