import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aBank, act, askFor, hashOf, refusal, writeAudit, type Bank } from '../../support/acting.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const hash = '$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$a2V5';

const person = async (username: string): Promise<string> => {
  const [row] = await bank.rows<{ id: string }>(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ($1, $1 || '@mail.example', 'Grace', 'Hopper', 'customer', 'active') RETURNING id`,
    [username],
  );
  await bank.rows(`INSERT INTO bank.auth_session (user_id, device, ip) SELECT $1, 'phone', '198.18.0.9' FROM generate_series(1, 3)`, [
    row?.id,
  ]);
  return row?.id ?? '';
};

const versionOf = async (id: string): Promise<number> =>
  (await bank.rows<{ version: number }>('SELECT version FROM bank."user" WHERE id = $1', [id]))[0]?.version ?? -1;

const tell = (id: string) =>
  bank.db.query(
    `SELECT ops.enqueue_notice('password-reset', 'email', u.email, 'Choose a new password', 'Hello', NULL, NULL, 'user', u.id::text) FROM bank."user" u WHERE id = $1`,
    [id],
  );
const reset = (id: string, token: string, told = true) =>
  act(bank.db, bank.one, 'users.reset-password', async db => {
    await db.query('SELECT bank.reset_password($1, $2, $3)', [id, await versionOf(id), hashOf(token)]);
    if (told) await tell(id);
  });

type Redeemed = { user_id: string | null; refusal: string | null };
const redeem = async (db: Client, token: string): Promise<Redeemed | undefined> =>
  (await db.query<Redeemed>('SELECT * FROM bank.redeem_password_reset($1, $2, $3, $4)', [token, hash, '198.18.0.9', 'a browser'])).rows[0];

const aToken = (): string => randomBytes(32).toString('base64url');

test('a reset takes the password away, ends every session, and its link sets a new one, once', async () => {
  const id = await person('grace.one');
  const token = aToken();
  await reset(id, token);
  const state = () => bank.rows('SELECT password_hash, must_change_password FROM bank."user" WHERE id = $1', [id]);
  expect(await state()).toEqual([{ password_hash: null, must_change_password: true }]);
  expect(await bank.rows('SELECT FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [id])).toHaveLength(0);
  expect(await redeem(bank.db, 'something else')).toMatchObject({ user_id: null, refusal: expect.stringContaining('expired') as string });
  expect(await redeem(bank.db, token)).toEqual({ user_id: id, refusal: null });
  expect(await state()).toEqual([{ password_hash: hash, must_change_password: false }]);
  expect(await redeem(bank.db, token)).toMatchObject({ user_id: null, refusal: expect.stringContaining('was used') as string });
  expect(await bank.rows(`SELECT type FROM bank.auth_event WHERE user_id = $1`, [id])).toEqual([{ type: 'password_reset' }]);
});

test('of 50 who redeem one link at once exactly one sets the password', async () => {
  const id = await person('grace.race');
  const token = aToken();
  await reset(id, token);
  const clients = await Promise.all(Array.from({ length: 50 }, () => bank.connect()));
  const answers = await Promise.all(clients.map(client => redeem(client, token)));
  await Promise.all(clients.map(client => client.end()));
  expect(answers.filter(answer => answer?.user_id === id)).toHaveLength(1);
  expect(answers.filter(answer => answer?.refusal !== null)).toHaveLength(49);
  expect(await bank.rows(`SELECT FROM bank.auth_event WHERE user_id = $1 AND type = 'password_reset'`, [id])).toHaveLength(1);
  process.stdout.write('1 of 50 redeemers won\n');
});

test('a link ends after an hour of database time, and a newer one replaces it', async () => {
  const id = await person('grace.late');
  const [first, second] = [aToken(), aToken()];
  await reset(id, first);
  await reset(id, second);
  expect(await redeem(bank.db, first)).toMatchObject({ user_id: null });
  const [row] = await bank.rows<{ minutes: number }>(
    `SELECT extract(epoch FROM expires_at - clock_timestamp()) / 60 AS minutes FROM bank.password_reset WHERE token_hash = $1`,
    [hashOf(second)],
  );
  expect(Number(row?.minutes)).toBeLessThanOrEqual(60);
  await bank.behindItsBack(
    `UPDATE bank.password_reset SET requested_at = requested_at - interval '1 hour', expires_at = expires_at - interval '1 hour' WHERE token_hash = $1`,
    [hashOf(second)],
  );
  expect(await redeem(bank.db, second)).toMatchObject({ user_id: null, refusal: expect.stringContaining('expired') as string });
});

test('within 24 hours of a change of address a reset takes two people; whoever asked cannot decide', async () => {
  const id = await person('grace.moved');
  const version = await versionOf(id);
  await act(bank.db, bank.one, 'users.edit', db =>
    db.query(`SELECT bank.set_user_profile($1, $2, 'new@mail.example', 'Grace', 'Hopper', NULL)`, [id, version]),
  );
  expect(await refusal(bank.db, () => reset(id, aToken()))).toMatchObject({
    code: 'BU012',
    message: expect.stringContaining('two people') as string,
  });

  const approval = await askFor(bank.db, 'users.reset-password', ['user', id]);
  const token = aToken();
  const approved = async (operator: { token: string }) => {
    await bank.db.query('BEGIN');
    await bank.db.query('SELECT ops.begin_action($1, $2, $3, gen_random_uuid(), $4)', [
      operator.token, 'users.reset-password', hashOf('users.reset-password'), approval,
    ]); // prettier-ignore
    await bank.db.query('SELECT bank.reset_password($1, $2, $3)', [id, await versionOf(id), hashOf(token)]);
    await tell(id);
    await writeAudit(bank.db);
    await bank.db.query('COMMIT');
  };
  await approved(bank.two);
  expect(await redeem(bank.db, token)).toEqual({ user_id: id, refusal: null });

  const later = await person('grace.settled');
  await bank.behindItsBack(`UPDATE bank."user" SET email_changed_at = now() - interval '25 hours' WHERE id = $1`, [later]);
  expect((await refusal(bank.db, () => reset(later, aToken()))).code).toBe('done');
});

test('nobody sets a password without a link: not by a plain update, and a link lets nothing else through', async () => {
  const id = await person('grace.plain');
  expect(
    (await refusal(bank.db, () => bank.rows('UPDATE bank."user" SET password_hash = $2, version = version + 1 WHERE id = $1', [id, hash])))
      .code,
  ).toBe('BU004');
  const token = aToken();
  await reset(id, token);
  const more = async () => {
    await bank.db.query('BEGIN');
    await redeem(bank.db, token);
    await bank.rows(`UPDATE bank."user" SET role = 'admin', password_hash = 'x', version = version + 1 WHERE id = $1`, [id]);
  };
  expect((await refusal(bank.db, more)).code).toBe('BU004');
});

test('no link is made behind its user’s back, nor for somebody who is not just created', async () => {
  const id = await person('grace.unheard');
  expect(await refusal(bank.db, () => reset(id, aToken(), false))).toMatchObject({
    code: 'BU008',
    message: expect.stringContaining('message') as string,
  });
  expect(await bank.rows('SELECT FROM bank.password_reset WHERE user_id = $1', [id])).toHaveLength(0);
  const invite = () => act(bank.db, bank.one, 'users.create', db => db.query('SELECT bank.send_invitation($1, $2)', [id, hashOf('known')]));
  expect((await refusal(bank.db, invite)).code).toBe('BU007');
});

test('earlier passwords are kept to be compared with, as many as the setting says', async () => {
  const id = await person('grace.history');
  for (let round = 0; round < 8; round++) {
    const token = aToken();
    await reset(id, token);
    await bank.rows('SELECT bank.redeem_password_reset($1, $2, $3)', [token, `${hash}${round}`, '198.18.0.9']);
  }
  await reset(id, aToken());
  expect(await bank.rows('SELECT earlier_passwords AS hash FROM bank.earlier_passwords($1)', [id])).toEqual(
    [7, 6, 5, 4, 3].map(round => ({ hash: `${hash}${round}` })),
  );
});
