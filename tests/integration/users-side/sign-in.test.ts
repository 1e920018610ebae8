import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aBank,
  act,
  askFor,
  hashOf,
  openOperatorSession,
  refusal,
  writeAudit,
  type Bank,
  type TestOperator,
} from '../../support/acting.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank({ others: { third: ['support'] } });
});
afterAll(() => bank[Symbol.asyncDispose]());

type Verdict = { verdict: string; words: string; session_id: string | null; must_change_password: boolean | null };
type Try = { name: string; ip?: string; right?: boolean; db?: Client };
const signIn = async ({ name, ip = '198.18.0.7', right = false, db = bank.db }: Try): Promise<Verdict> => {
  const { rows } = await db.query<Verdict>('SELECT * FROM bank.record_sign_in($1, $2, $3, $4, $5)', [
    name,
    ip,
    'a browser',
    'a telephone',
    right,
  ]);
  if (!rows[0]) throw new Error('no verdict');
  return rows[0];
};

const person = async (username: string): Promise<string> =>
  (
    await bank.rows<{ id: string }>(
      `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ($1, $1 || '@mail.example', 'Alan', 'Kay', 'customer', 'active') RETURNING id`,
      [username],
    )
  )[0]?.id ?? '';
const eventsOf = async (name: string): Promise<readonly string[]> =>
  (await bank.rows<{ type: string }>('SELECT type FROM bank.auth_event WHERE username = $1 ORDER BY id', [name])).map(({ type }) => type);
const block = (network: string, scope = 'platform', operator: TestOperator = bank.one) =>
  act(bank.db, operator, 'ip-rules.block', db =>
    db.query(`SELECT platform.add_ip_rule('block', $1, $2, 'blocked by a test', 24)`, [network, scope]),
  );

/** Carries out what somebody else asked for. */
const approved = async (action: string, target: readonly [string, string], work: () => Promise<unknown>): Promise<void> => {
  const approval = await askFor(bank.db, action, target);
  await bank.db.query('BEGIN');
  await bank.db.query('SELECT ops.begin_action($1, $2, $3, gen_random_uuid(), $4)', [bank.two.token, action, hashOf(action), approval]);
  await work();
  await writeAudit(bank.db);
  await bank.db.query('COMMIT');
};

test('who knows the password is in with a session; who does not hears the same as who is nobody', async () => {
  const id = await person('alan.in');
  const welcome = await signIn({ name: 'alan.in', right: true });
  expect(welcome).toMatchObject({ verdict: 'welcome', must_change_password: false });
  expect(
    await bank.rows(`SELECT user_id, device, host(ip) AS ip FROM bank.auth_session WHERE id = $1 AND ended_at IS NULL`, [
      welcome.session_id,
    ]),
  ).toEqual([{ user_id: id, device: 'a telephone', ip: '198.18.0.7' }]);
  const [wrong, nobody] = [await signIn({ name: 'alan.in' }), await signIn({ name: 'nobody.at.all' })];
  expect(wrong.words).toBe(nobody.words);
  expect(await eventsOf('alan.in')).toEqual(['login_success', 'login_failure']);
});

test('the fifth failure locks out, the right password included, until the lockout ends; a success starts anew', async () => {
  await person('alan.locked');
  for (let failure = 1; failure <= 4; failure++) expect((await signIn({ name: 'alan.locked' })).verdict).toBe('refused');
  expect((await signIn({ name: 'alan.locked', right: true })).verdict).toBe('welcome');
  for (let failure = 1; failure <= 4; failure++) expect((await signIn({ name: 'alan.locked' })).verdict).toBe('refused');
  expect((await signIn({ name: 'alan.locked' })).verdict).toBe('locked out');
  expect((await signIn({ name: 'alan.locked', right: true })).words).toMatch(/try again at \d\d:\d\d UTC/);
  expect((await eventsOf('alan.locked')).filter(type => type === 'lockout')).toHaveLength(1);
  await bank.behindItsBack(`UPDATE bank.auth_event SET at = at - interval '31 minutes' WHERE username = 'alan.locked'`);
  expect((await signIn({ name: 'alan.locked', right: true })).verdict).toBe('welcome');
});

test('a new password ends a lockout at once, and failures count anew from there', async () => {
  const id = await person('alan.reset');
  for (let failure = 1; failure <= 5; failure++) await signIn({ name: 'alan.reset' });
  expect((await signIn({ name: 'alan.reset', right: true })).verdict).toBe('locked out');
  const token = 'a token that only alan has';
  await act(bank.db, bank.one, 'users.reset-password', async db => {
    await db.query('SELECT bank.reset_password($1, 0, $2)', [id, hashOf(token)]);
    await db.query(
      `SELECT ops.enqueue_notice('password-reset', 'email', 'alan.reset@mail.example', 'New password', 'Hello', NULL, NULL, 'user', $1)`,
      [id],
    );
  });
  expect((await signIn({ name: 'alan.reset', right: true })).verdict).toBe('locked out');
  await bank.rows(`SELECT bank.redeem_password_reset($1, '$argon2id$v=19$x', '198.18.0.7')`, [token]);
  for (let failure = 1; failure <= 4; failure++) expect((await signIn({ name: 'alan.reset' })).verdict).toBe('refused');
  expect((await signIn({ name: 'alan.reset' })).verdict).toBe('locked out');
});

test('of 20 guesses at once five are counted before the lockout, not one more', async () => {
  await person('alan.parallel');
  const clients = await Promise.all(Array.from({ length: 20 }, () => bank.connect()));
  const verdicts = await Promise.all(clients.map(db => signIn({ name: 'alan.parallel', db })));
  await Promise.all(clients.map(client => client.end()));
  expect(verdicts.filter(({ verdict }) => verdict === 'refused')).toHaveLength(4);
  expect(verdicts.filter(({ verdict }) => verdict === 'locked out')).toHaveLength(16);
  expect((await eventsOf('alan.parallel')).filter(type => type === 'lockout')).toHaveLength(1);
});

test('the settings decide: after a change of them three failures lock', async () => {
  await person('alan.settings');
  const [setting] = await bank.rows<{ id: string; version: number }>(
    `SELECT id, version FROM platform.setting WHERE key = 'security.lockout-attempts'`,
  );
  const set = (value: string) =>
    bank.rows(`SELECT platform.set_setting('security.lockout-attempts', $1::jsonb, $2)`, [value, setting?.version]);
  expect((await refusal(bank.db, () => act(bank.db, bank.one, 'settings.edit', () => set('3')))).code).toBe('BU012');
  const approval = await askFor(bank.db, 'settings.edit', ['setting', setting?.id ?? '']);
  await bank.behindItsBack(`UPDATE ops.approval SET input = '{"value": "3"}' WHERE id = $1`, [approval]);
  const carryOut = (value: string) => approved('settings.edit', ['setting', setting?.id ?? ''], () => set(value));
  expect(await refusal(bank.db, () => carryOut('4'))).toMatchObject({
    code: 'BU004',
    message: expect.stringContaining('approved') as string,
  });
  await carryOut('3');
  expect(
    await bank.rows(`SELECT version, value FROM platform.setting_version WHERE key = 'security.lockout-attempts' ORDER BY version`),
  ).toEqual([
    { version: 0, value: 5 },
    { version: 1, value: 3 },
  ]);
  for (let failure = 1; failure <= 2; failure++) await signIn({ name: 'alan.settings' });
  expect((await signIn({ name: 'alan.settings' })).verdict).toBe('locked out');
});

test('a blocked address is kept out and counted, and cannot lock anybody out', async () => {
  await person('alan.victim');
  await block('203.0.113.0/24');
  for (let guess = 0; guess < 9; guess++) expect((await signIn({ name: 'alan.victim', ip: '203.0.113.9' })).verdict).toBe('blocked');
  expect((await signIn({ name: 'alan.victim', right: true })).verdict).toBe('welcome');
  expect(await bank.rows(`SELECT hits FROM platform.ip_rule WHERE network = '203.0.113.0/24'`)).toEqual([{ hits: '9' }]);
  await bank.behindItsBack(
    `UPDATE platform.ip_rule SET created_at = created_at - interval '25 hours', expires_at = expires_at - interval '25 hours' WHERE network = '203.0.113.0/24'`,
  );
  expect((await signIn({ name: 'alan.victim', ip: '203.0.113.9', right: true })).verdict).toBe('welcome');
});

test("a block of one's own address, of one on the allowlist, for ever or of half the world is refused", async () => {
  const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(bank.db, attempt)).code;
  for (const scope of ['platform', 'admin', 'everything']) {
    expect(await refusal(bank.db, () => block('10.0.0.0/24', scope))).toMatchObject({
      code: 'BU009',
      message: expect.stringContaining('your own') as string,
    });
  }
  expect(await codeOf(() => block('100.0.0.0/7'))).toBe('23514');
  const forEver = () =>
    act(bank.db, bank.one, 'ip-rules.block', db =>
      db.query(`SELECT platform.add_ip_rule('block', '192.0.2.1', 'platform', 'blocked by a test', NULL)`),
    );
  expect(await codeOf(forEver)).toBe('23514');

  await approved('ip-rules.allow', ['ip-rule', '192.0.2.0/24'], async () => {
    await bank.behindItsBack(`UPDATE ops.approval SET input = '{"scope": "platform"}' WHERE status = 'approved' OR status = 'pending'`);
    await bank.rows(`SELECT platform.add_ip_rule('allow', '192.0.2.0/24', 'platform', 'the office of the branch', NULL)`);
  });
  expect(await refusal(bank.db, () => block('192.0.2.7'))).toMatchObject({
    code: 'BU009',
    message: expect.stringContaining('allowlist') as string,
  });
  expect((await signIn({ name: 'alan.in', right: true })).verdict).toBe('blocked');
  const [rule] = await bank.rows<{ id: string }>(`SELECT id FROM platform.ip_rule WHERE kind = 'allow' AND removed_at IS NULL`);
  const remove = () => bank.rows('SELECT platform.remove_ip_rule($1)', [rule?.id]);
  expect((await refusal(bank.db, () => act(bank.db, bank.one, 'ip-rules.remove', remove))).code).toBe('BU012');
  await approved('ip-rules.remove', ['ip-rule', rule?.id ?? ''], remove);
  expect((await signIn({ name: 'alan.in', right: true })).verdict).toBe('welcome');
});

test('a block for the console keeps operators out and counts them; one for the platform does not', async () => {
  await block('198.51.100.7', 'admin');
  await block('198.51.100.8', 'platform');
  const operatorFrom = async (ip: string): Promise<string | undefined> =>
    (
      await bank.rows<{ refusal: string }>(
        `SELECT refusal FROM ops.sign_in('one', '\\x00', '000000', '\\x00', 'a-token-of-more-than-32-characters-${ip}', 'screen', 'test', $1)`,
        [ip],
      )
    )[0]?.refusal;
  expect(await operatorFrom('198.51.100.7')).toContain('is blocked until');
  expect(await operatorFrom('198.51.100.8')).toContain('is wrong');
  expect((await signIn({ name: 'alan.in', ip: '198.51.100.7', right: true })).verdict).toBe('welcome');
  expect(
    await bank.rows(`SELECT host(network) AS network, hits FROM platform.ip_rule WHERE network <<= '198.51.100.0/28' ORDER BY 1`),
  ).toEqual([
    { network: '198.51.100.7', hits: '1' },
    { network: '198.51.100.8', hits: '0' },
  ]);
});

test('an allowlist that shuts out who makes or decides it is refused, and nobody acts from outside of one', async () => {
  const allow = (network: string) =>
    approved('ip-rules.allow', ['ip-rule', network], async () => {
      await bank.behindItsBack(`UPDATE ops.approval SET input = '{"scope": "admin"}' WHERE action = 'ip-rules.allow'`);
      await bank.rows(`SELECT platform.add_ip_rule('allow', $1, 'admin', 'the office of operations', 4)`, [network]);
    });
  expect(await refusal(bank.db, () => allow('192.0.2.0/24'))).toMatchObject({
    code: 'BU009',
    message: expect.stringContaining('shut out') as string,
  });
  await allow('10.0.0.0/8');
  expect((await refusal(bank.db, () => block('198.51.100.0/24'))).code).toBe('done');
});

test("whose session is ended writes nothing more; one does not end one's own here", async () => {
  const [third] = await bank.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'third'`);
  const operator = { id: third?.id ?? '', name: 'third', token: await openOperatorSession(bank.db, third?.id ?? '') };
  const numberOf = async (token: string) =>
    (await bank.rows<{ number: string }>('SELECT number FROM ops.operator_session WHERE token_hash = $1', [hashOf(token)]))[0]?.number;
  const edit = () => act(bank.db, operator, 'users.end-sessions', db => db.query('SELECT bank.revoke_sessions($1)', [bank.customer]));
  expect((await refusal(bank.db, edit)).code).toBe('done');
  const end = async (token: string) => {
    const number = await numberOf(token);
    return act(bank.db, bank.one, 'sessions.end-operator', db => db.query('SELECT ops.end_operator_session($1)', [number]));
  };
  await end(operator.token);
  expect((await refusal(bank.db, edit)).code).toBe('BU001');
  expect((await refusal(bank.db, () => end(bank.one.token))).code).toBe('BU009');
  expect((await refusal(bank.db, () => end(operator.token))).code).toBe('BU005');
});
