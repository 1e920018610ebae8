import { argon2Sync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actions } from '../../../src/resources/registry.ts';
import { aDemoBank, signedIn, type TestSession } from '../../support/session.ts';

let bank: TestSession;
beforeAll(async () => {
  bank = await aDemoBank();
});
afterAll(async () => {
  await bank[Symbol.asyncDispose]();
});

const password = 'correct horse battery staple';
const grace = {
  username: 'grace.hopper',
  email: 'grace@mail.example',
  firstName: 'Grace',
  lastName: 'Hopper',
  birthDate: '1906-12-09',
  note: 'came to the branch with her passport',
};
const note = 'asked for by the customer, ticket 4711';

const created = async (typed: Record<string, string>): Promise<string> => {
  const outcome = await bank.run('users.create', { ...grace, ...typed });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value.target.id;
};
const userRow = async (id: string) => (await bank.rows('SELECT * FROM bank."user" WHERE id = $1', [id]))[0];
const lastAudit = async () => (await bank.rows('SELECT * FROM ops.audit ORDER BY seq DESC LIMIT 1'))[0];
const aUser = (status: string, role = 'customer') =>
  bank.value('SELECT id FROM bank."user" WHERE status = $1::bank.user_status AND role = $2 ORDER BY id LIMIT 1', [
    status,
    role,
  ]) as Promise<string>;
const messageOf = (outcome: { ok: boolean; refusal?: { message: string } }) => outcome.refusal?.message;

test('every action has its permission in the database, where the allow-list is', async () => {
  const rows = await bank.rows('SELECT action, permission FROM ops.action_permission');
  expect(rows).toEqual(expect.arrayContaining(actions.map(({ id, permission }) => ({ action: id, permission }))));
});

describe('create', () => {
  test('makes a user with an account and a password that only its hash is kept of', async () => {
    const id = await created({ password });
    const user = await userRow(id);
    expect(user).toMatchObject({
      username: 'grace.hopper',
      role: 'viewer',
      status: 'active',
      must_change_password: true,
      email_verified_at: null,
    });
    expect(await bank.rows('SELECT type, balance, status FROM bank.account WHERE user_id = $1', [id])).toEqual([
      { type: 'savings', balance: '0', status: 'pending' },
    ]);

    const [, , version, cost, salt, tag] = String(user?.['password_hash']).split('$');
    expect([version, cost]).toEqual(['v=19', 'm=65536,t=3,p=1']);
    const again = argon2Sync('argon2id', {
      message: password,
      nonce: Buffer.from(String(salt), 'base64'),
      memory: 65_536,
      passes: 3,
      parallelism: 1,
      tagLength: 32,
    });
    expect(again.toString('base64').replaceAll('=', '')).toBe(tag);
  });

  test('leaves no trace of the password, nor a hash that could be guessed from', async () => {
    const typed = { ...grace, username: 'second.grace', email: 'second@mail.example' };
    const [one, other] = [randomUUID(), randomUUID()];
    await bank.run('users.create', { ...typed, password }, one);
    await bank.run(
      'users.create',
      { ...typed, username: 'third.grace', email: 'third@mail.example', password: 'another good passphrase' },
      other,
    );
    const everywhere = await bank.rows(
      `SELECT count(*)::int AS found FROM (SELECT to_jsonb(a)::text AS row FROM ops.audit a UNION ALL SELECT to_jsonb(r)::text FROM ops.action_run r
       UNION ALL SELECT to_jsonb(u)::text FROM bank."user" u) everything WHERE row LIKE '%' || $1 || '%'`,
      [password],
    );
    expect(everywhere).toEqual([{ found: 0 }]);
    const again = await bank.run('users.create', { ...typed, password: 'yet another passphrase' }, one);
    expect(again).toMatchObject({ ok: true, value: { replayed: true } });
  });

  test('refuses what is taken, too short, impossible or above what the operator may', async () => {
    const taken = await bank.run('users.create', { ...grace, username: 'grace.two' });
    expect(messageOf(taken)).toBe('grace.hopper has this e-mail address');
    const other = { ...grace, username: 'ada.byron', email: 'ada.byron@mail.example' };
    expect(messageOf(await bank.run('users.create', { ...other, password: 'too short' }))).toBe('Password takes at least 15 characters');
    expect(messageOf(await bank.run('users.create', { ...other, password: 'ada.byron.is.best' }))).toBe(
      'the password contains the username',
    );
    expect(messageOf(await bank.run('users.create', { ...other, birthDate: '2999-01-01' }))).toBe('nobody was born on 2999-01-01');
    expect(messageOf(await bank.run('users.create', { ...other, birthDate: '2025-02-29' }))).toContain('does not exist');
    await using lena = await signedIn(bank.url, 'lena');
    expect(await lena.run('users.create', { ...other, accountStatus: 'active' })).toMatchObject({
      ok: false,
      refusal: { kind: 'forbidden' },
    });
    expect(await lena.run('users.create', other)).toMatchObject({ ok: true });
  });

  test('says that the person may exist already', async () => {
    const preview = await bank.preview('users.create', { ...grace, username: 'grace.again', email: 'again@mail.example' });
    expect(preview.ok && preview.value.doubts.join()).toContain('grace.hopper (active) has the same name and date of birth');
  });
});

describe('edit', () => {
  test('audits old and new, unverifies a new address, and is undone by its way back', async () => {
    const id = (await bank.value(
      `SELECT id FROM bank."user" WHERE email_verified_at IS NOT NULL AND status = 'active' ORDER BY id LIMIT 1`,
    )) as string;
    const before = await userRow(id);
    const [row] = await bank.list('users', `id=${id}`);
    const binding = bank.session.registry.resources.find(({ id: name }) => name === 'users')?.actions['e'];
    const typed = { ...binding?.inputFrom(row!), email: 'moved@mail.example', note };
    expect(await bank.preview('users.edit', typed)).toMatchObject({
      ok: true,
      value: {
        lines: [
          `e-mail: ${String(before?.['email'])} -> moved@mail.example`,
          expect.any(String),
          expect.stringMatching(/^the old address .* is told; for 24 hours a new password takes two people$/),
        ],
      },
    });

    const outcome = await bank.run('users.edit', typed);
    expect(await userRow(id)).toMatchObject({
      email: 'moved@mail.example',
      email_verified_at: null,
      first_name: before?.['first_name'],
      phone: before?.['phone'],
    });
    expect(await lastAudit()).toMatchObject({
      action: 'users.edit',
      verb: 'update',
      old: { email: before?.['email'], emailVerified: true },
      new: { email: 'moved@mail.example', emailVerified: false },
      note,
    });

    const [back] = outcome.ok ? outcome.value.waysBack : [];
    expect(await bank.run(back!.action, back!.input)).toMatchObject({ ok: true });
    expect(await userRow(id)).toMatchObject({ email: before?.['email'] });
  });

  test('refuses a change of nothing', async () => {
    const [row] = await bank.list('users', '', 1);
    const binding = bank.session.registry.resources.find(({ id }) => id === 'users')?.actions['e'];
    expect(messageOf(await bank.run('users.edit', { ...binding?.inputFrom(row!), note }))).toContain('nothing is different');
  });
});

describe('lock and deactivate', () => {
  test('end every session; unlocking undoes the one, and activating again is asked for', async () => {
    for (const [action, status, undone] of [
      ['users.lock', 'locked', { ok: true }],
      ['users.deactivate', 'deactivated', { ok: false, refusal: { kind: 'waiting-for-approval' } }],
    ] as const) {
      const id = await aUser('active');
      await bank.rows(`INSERT INTO bank.auth_session (user_id, device, ip) VALUES ($1, 'a telephone', '10.1.2.3')`, [id]);
      const outcome = await bank.run(action, { id, note });
      expect(await userRow(id)).toMatchObject({ status });
      expect(await bank.value('SELECT count(*)::int FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [id])).toBe(0);
      const [back] = outcome.ok ? outcome.value.waysBack : [];
      expect(await bank.run(back!.action, back!.input)).toMatchObject(undone);
      expect(await userRow(id)).toMatchObject({ status: undone.ok ? 'active' : status });
    }
  });

  test('activating again takes two, activating somebody invited takes one', async () => {
    expect(await bank.preview('users.activate', { id: await aUser('deactivated'), note })).toMatchObject({ value: { eyes: 2 } });
    expect(await bank.preview('users.activate', { id: await aUser('invited'), note })).toMatchObject({ value: { eyes: 1 } });
  });

  test('leave the platform its last administrator', async () => {
    const admins = await bank.rows(`SELECT id FROM bank."user" WHERE role = 'admin' AND status = 'active' ORDER BY id`);
    for (const { id } of admins.slice(1)) expect(await bank.run('users.deactivate', { id: String(id), note })).toMatchObject({ ok: true });
    for (const action of ['users.deactivate', 'users.lock'])
      expect(messageOf(await bank.run(action, { id: String(admins[0]?.['id']), note }))).toContain('the last active administrator');
    expect(await userRow(String(admins[0]?.['id']))).toMatchObject({ status: 'active' });
  });
});

test('looking at a person is recorded once', async () => {
  const id = await aUser('active');
  await bank.detail('users', BigInt(id));
  await bank.detail('users', BigInt(id));
  expect(
    await bank.rows(`SELECT action, verb, operator FROM ops.audit WHERE entity = 'user' AND entity_id = $1 AND verb = 'view'`, [id]),
  ).toEqual([{ action: 'user.view', verb: 'view', operator: 'demo' }]);
});
