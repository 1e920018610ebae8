import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aBank, act, hashOf, refusal, type Bank } from '../../support/acting.ts';
import { connectAs } from '../../support/role-connection.ts';

let bank: Bank;
let platform: Client;
let operator: Client;
beforeAll(async () => {
  bank = await aBank();
  platform = await connectAs(bank.url, 'bursar_platform');
  operator = await connectAs(bank.url, 'bursar_operator');
});
afterAll(async () => {
  await platform.end();
  await operator.end();
  await bank[Symbol.asyncDispose]();
});

const hash = '$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$a2V5';
const token = 'what only the message carries';
const code = 'what only the invitee was sent';

const calls: readonly string[] = [
  `SELECT verdict AS answer FROM bank.record_sign_in('ada', '198.18.0.1', 'a browser', 'a laptop', true)`,
  `SELECT coalesce(refusal, 'chosen') AS answer FROM bank.redeem_password_reset('${token}', '${hash}', '198.18.0.1')`,
  `SELECT coalesce(refusal, 'registered') AS answer FROM platform.use_invite('${code}', 'grace', 'grace@mail.example', 'Grace', 'Hopper', NULL, '${hash}')`,
  `SELECT count(*)::text AS answer FROM bank.earlier_passwords(1)`,
];

test('the platform does all this with a login of its own, and no operator does', async () => {
  await act(bank.db, bank.one, 'users.reset-password', async db => {
    await db.query('SELECT bank.reset_password($1, 0, $2)', [bank.customer, hashOf(token)]);
    await db.query(
      `SELECT ops.enqueue_notice('password-reset', 'email', 'ada@mail.example', 'New password', 'Hello', NULL, NULL, 'user', $1)`,
      [bank.customer],
    );
  });
  await act(bank.db, bank.one, 'invites.create', db =>
    db.query(`SELECT id FROM platform.create_invite($1, 'sent', 'grace@mail.example', 'viewer', 7, 1)`, [hashOf(code)]),
  );
  for (const call of calls) expect(await refusal(operator, () => operator.query(call))).toMatchObject({ code: '42501' });
  const answers: string[] = [];
  for (const call of calls) answers.push(String((await platform.query<{ answer: string }>(call)).rows[0]?.answer));
  expect(answers).toEqual(['welcome', 'chosen', 'registered', '0']);
  await platform.query(`UPDATE bank."user" SET last_login_at = clock_timestamp() WHERE username = 'ada'`);
  expect((await platform.query<{ told: object }>('SELECT platform.public_settings() AS told')).rows[0]?.told).toMatchObject({
    'security.password-length': 15,
  });
});

test('the platform changes no password, role or setting by itself', async () => {
  const attempts = [
    `UPDATE bank."user" SET password_hash = '${hash}'`,
    `UPDATE bank."user" SET role = 'admin'`,
    `UPDATE platform.setting SET value = '1'`,
    `UPDATE bank.password_reset SET used_at = NULL`,
    `INSERT INTO platform.ip_rule (kind, network, scope, reason) VALUES ('allow', '0.0.0.0/0', 'admin', 'everybody may come in')`,
  ];
  for (const attempt of attempts) expect(await refusal(platform, () => platform.query(attempt))).toMatchObject({ code: '42501' });
});
