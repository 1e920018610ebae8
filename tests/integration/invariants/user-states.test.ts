import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, refusal, type Bank } from '../../support/acting.ts';

const statuses = ['invited', 'active', 'locked', 'deactivated'] as const;
type UserStatus = (typeof statuses)[number];

/** DOMAIN.md: invited → active ↔ locked; active / locked → deactivated → active. And who may do it. */
const lawful = new Set([
  'users.activate invited active',
  'users.lock active locked',
  'users.unlock locked active',
  'users.deactivate active deactivated',
  'users.deactivate locked deactivated',
  'users.activate deactivated active',
]);
const actions = ['users.activate', 'users.deactivate', 'users.lock', 'users.unlock', 'users.edit', 'users.create', 'accounts.freeze'];
const changes = statuses.flatMap(before => statuses.filter(after => after !== before).map(after => [before, after] as const));

let bank: Bank;
let count = 0;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const aUser = async (status: UserStatus, role = 'viewer'): Promise<string> => {
  const name = `user${++count}`;
  return act(bank.db, bank.one, 'users.create', async db => {
    const { rows } = await db.query<{ id: string }>(
      `SELECT id FROM bank.create_user($1, $2, 'Eve', 'Muster', '1990-01-01', NULL, $3, $4, NULL)`,
      [name, `${name}@mail.example`, role, status],
    );
    return rows[0]?.id ?? '';
  });
};

/** Tries inside an action about `values[0]`, by one person or two, and takes everything back. */
const attempt = async (
  action: string,
  sql: string,
  values: unknown[],
  { asked, about = values[0] }: { asked?: boolean; about?: unknown } = {},
): Promise<string> => {
  const undone = new Error('undone');
  const inside = async (): Promise<never> => {
    await bank.db.query(sql, values);
    throw undone;
  };
  const work = act(bank.db, bank.one, action, inside, { target: ['user', String(about)], ...(asked === undefined ? {} : { asked }) }).catch(
    (error: unknown) => {
      if (error !== undone) throw error;
    },
  );
  return (await refusal(bank.db, () => work)).code;
};

const byContract = 'SELECT bank.set_user_status(u.id, $2, u.version) FROM bank."user" u WHERE id = $1';
const byUpdate = 'UPDATE bank."user" SET status = $2 WHERE id = $1';

describe('a user changes its state only by the action that the transition belongs to', () => {
  for (const [before, after] of changes) {
    test(`${before} → ${after}`, async () => {
      const id = await aUser(before);
      for (const action of actions) {
        const expected = lawful.has(`${action} ${before} ${after}`) ? (before === 'deactivated' ? 'BU012' : 'done') : 'BU007';
        for (const sql of [byContract, byUpdate])
          expect({ action, sql, code: await attempt(action, sql, [id, after]) }).toEqual({ action, sql, code: expected });
      }
      expect((await refusal(bank.db, () => bank.rows('UPDATE bank."user" SET status = $2 WHERE id = $1', [id, after]))).code).toBe('BU004');
    });
  }

  test('coming back from having been put out takes two people, and is for whom they agreed on', async () => {
    const id = await aUser('deactivated');
    for (const sql of [byContract, byUpdate]) {
      expect(await attempt('users.activate', sql, [id, 'active'])).toBe('BU012');
      expect(await attempt('users.activate', sql, [id, 'active'], { asked: true })).toBe('done');
      expect(await attempt('users.activate', sql, [id, 'active'], { asked: true, about: await aUser('deactivated') })).toBe('BU004');
    }
  });

  test('to the state it is in already is no change; a version that passed is stale', async () => {
    for (const status of statuses) {
      const id = await aUser(status);
      const set = 'SELECT bank.set_user_status($1, $2, $3)';
      expect(await attempt('users.lock', set, [id, status, 0])).toBe('BU007');
      for (const version of [1, -1, null]) expect(await attempt('users.lock', set, [id, 'locked', version])).toBe('BU005');
    }
    expect(await attempt('users.lock', 'SELECT bank.set_user_locked(-1, true, 0)', [])).toBe('BU011');
  });

  test('locking and deactivating end every session', async () => {
    for (const [action, call] of [['users.lock', 'set_user_locked(u.id, true, u.version)'], ['users.deactivate', 'set_user_active(u.id, false, u.version)']] as const) {
      const id = await aUser('active');
      await bank.rows(`INSERT INTO bank.auth_session (user_id, device, ip) SELECT $1, 'a browser', '10.0.0.1' FROM generate_series(1, 3)`, [id]);
      await act(bank.db, bank.one, action, db => db.query(`SELECT bank.${call} FROM bank."user" u WHERE id = $1`, [id]));
      expect(await bank.rows('SELECT FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [id])).toEqual([]);
    } // prettier-ignore
  });
});

describe('what of a user is changed by whom', () => {
  const fields: readonly [assignment: string, action: string | undefined][] = [
    [`email = 'new' || id || '@mail.example'`, 'users.edit'],
    [`last_name = 'Neu'`, 'users.edit'],
    ['email_verified_at = NULL', 'users.edit'],
    [`email_verified_at = '2001-01-01'`, 'users.edit'],
    [`role = 'admin'`, 'users.change-role'],
    [`password_hash = 'x'`, 'users.reset-password'],
    ['must_change_password = true', 'users.reset-password'],
    [`username = 'somebody-else'`, undefined],
    ['created_by = 2', undefined],
    [`created_at = '2001-01-01'`, undefined],
  ];
  test.each(fields)('%s only by %s', async (assignment, lawfulAction) => {
    const id = await aUser('active');
    await bank.behindItsBack('UPDATE bank."user" SET email_verified_at = now() WHERE id = $1', [id]);
    for (const action of [...actions, 'users.change-role', 'users.reset-password']) {
      const expected = action === lawfulAction ? 'done' : lawfulAction ? 'BU004' : 'BU007';
      expect({ action, code: await attempt(action, `UPDATE bank."user" SET ${assignment} WHERE id = $1`, [id]) }).toEqual({
        action,
        code: expected,
      });
    }
  });

  test('the platform notes a sign-in itself, and nothing besides', async () => {
    const id = await aUser('active');
    await bank.rows('UPDATE bank."user" SET last_login_at = now() WHERE id = $1', [id]);
    expect(
      (await refusal(bank.db, () => bank.rows(`UPDATE bank."user" SET last_login_at = now(), email = 'x@y.zz' WHERE id = $1`, [id]))).code,
    ).toBe('BU004');
    expect(await bank.rows('SELECT version, last_login_at IS NOT NULL AS noted FROM bank."user" WHERE id = $1', [id])).toEqual([
      { version: 0, noted: true },
    ]);
  });

  test('a person registers alone as a customer, never as staff, never in an operator’s name', async () => {
    const register = (role: string, status: string) =>
      bank.rows<{ created_by: string | null }>(
        `INSERT INTO bank."user" (username, email, first_name, last_name, role, status, created_by)
         VALUES ('new' || $1 || $2, $1 || $2 || '@mail.example', 'A', 'B', $1::text, $2::text::bank.user_status, 99) RETURNING created_by`,
        [role, status],
      );
    for (const role of ['admin', 'viewer', 'developer'])
      expect((await refusal(bank.db, () => register(role, 'active'))).code).toBe('BU004');
    for (const status of ['locked', 'deactivated']) expect((await refusal(bank.db, () => register('customer', status))).code).toBe('BU004');
    expect(await register('customer', 'active')).toEqual([{ created_by: null }]);
    expect(
      await attempt('users.lock', `SELECT bank.register_customer('ralf', 'ralf@mail.example', 'R', 'S', NULL, NULL, 'savings', 'EUR')`, []),
    ).toBe('BU004');
  });

  test('a changed address is unverified, the same in other letters stays verified', async () => {
    const id = await aUser('active');
    await bank.behindItsBack('UPDATE bank."user" SET email_verified_at = now() WHERE id = $1', [id]);
    const edit = (email: string) =>
      act(bank.db, bank.one, 'users.edit', db =>
        db.query(`SELECT bank.set_user_profile(u.id, u.version, $2, 'Eve', 'Muster', NULL) FROM bank."user" u WHERE id = $1`, [id, email]),
      );
    const verified = async () =>
      (await bank.rows<{ verified: boolean }>('SELECT email_verified_at IS NOT NULL AS verified FROM bank."user" WHERE id = $1', [id]))[0]
        ?.verified;
    const [{ email } = { email: '' }] = await bank.rows<{ email: string }>('SELECT email FROM bank."user" WHERE id = $1', [id]);
    await edit(email.toUpperCase());
    expect(await verified()).toBe(true);
    expect((await refusal(bank.db, () => edit('ADA@mail.example'))).code).toBe('23505');
    await edit(`x${email}`);
    expect(await verified()).toBe(false);
    await act(bank.db, bank.one, 'users.edit', db =>
      db.query(`UPDATE bank."user" SET email = 'y' || email, email_verified_at = now() WHERE id = $1`, [id]),
    );
    expect(await verified()).toBe(false);
    await bank.rows('UPDATE bank."user" SET email_verified_at = now() WHERE id = $1', [id]);
    // a second later, because within one millisecond nothing would change
    const again = `UPDATE bank."user" SET email_verified_at = now() + interval '1 second' WHERE id = $1`;
    expect((await refusal(bank.db, () => bank.rows(again, [id]))).code).toBe('BU004');
  });
});

describe('one active administrator of the platform always stays', () => {
  test('by state, by role, one or both at once', async () => {
    const [first, second] = [await aUser('active', 'admin'), await aUser('active', 'admin')];
    await aUser('invited', 'admin');
    const deactivate = (id: string) =>
      act(bank.db, bank.one, 'users.deactivate', db =>
        db.query('SELECT bank.set_user_active(u.id, false, u.version) FROM bank."user" u WHERE id = $1', [id]),
      );
    expect(
      await attempt('users.deactivate', `UPDATE bank."user" SET status = 'deactivated' WHERE role = 'admin' AND status = 'active'`, []),
    ).toBe('BU009');
    await deactivate(first);
    expect((await refusal(bank.db, () => deactivate(second))).code).toBe('BU009');
    expect(
      await attempt('users.lock', `SELECT bank.set_user_locked(u.id, true, u.version) FROM bank."user" u WHERE id = $1`, [second]),
    ).toBe('BU009');
    expect(await attempt('users.change-role', `UPDATE bank."user" SET role = 'viewer' WHERE id = $1`, [second])).toBe('BU009');
  });
});
