import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aBank, act, hashOf, refusal, type Bank } from '../../support/acting.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const aCode = (): string => randomBytes(32).toString('base64url');
const invite = (code: string, { role = 'viewer', uses = 1, email = 'somebody@mail.example' } = {}) =>
  act(bank.db, bank.one, 'invites.create', db =>
    db.query<{ id: string }>('SELECT id FROM platform.create_invite($1, $2, $3, $4, 7, $5)', [
      hashOf(code),
      code.slice(-4),
      email,
      role,
      uses,
    ]),
  );

type Used = { user_id: string | null; refusal: string | null };
const use = async (db: Client, code: string, username: string, email = `${username}@mail.example`): Promise<Used | undefined> =>
  (await db.query<Used>(`SELECT * FROM platform.use_invite($1, $2, $3, 'Tim', 'Lee', NULL, '$argon2id$v=19$x')`, [code, username, email]))
    .rows[0];

test('somebody registers by an invite with its role; an address that the code was sent to is verified by it', async () => {
  const code = aCode();
  await invite(code, { email: 'tim@mail.example' });
  const used = await use(bank.db, code, 'tim');
  expect(used?.refusal).toBeNull();
  expect(
    await bank.rows('SELECT role, status, created_by, email_verified_at IS NOT NULL AS verified FROM bank."user" WHERE id = $1', [
      used?.user_id,
    ]),
  ).toEqual([{ role: 'viewer', status: 'active', created_by: null, verified: true }]);
  expect(await use(bank.db, code, 'tim.again')).toMatchObject({ user_id: null, refusal: 'this invite was used already' });
});

test('50 at once use an invite for three: three register', async () => {
  const code = aCode();
  await invite(code, { uses: 3 });
  const clients = await Promise.all(Array.from({ length: 50 }, () => bank.connect()));
  const answers = await Promise.all(clients.map((client, index) => use(client, code, `crowd${index}`)));
  await Promise.all(clients.map(client => client.end()));
  expect(answers.filter(answer => answer?.refusal === null)).toHaveLength(3);
  expect(await bank.rows('SELECT uses FROM platform.invite WHERE code_hash = $1', [hashOf(code)])).toEqual([{ uses: 3 }]);
  expect(await bank.rows(`SELECT FROM bank."user" WHERE username LIKE 'crowd%'`)).toHaveLength(3);
  process.stdout.write('3 of 50 registered by an invite for 3\n');
});

test('an expired or revoked invite lets nobody in', async () => {
  const [late, revoked] = [aCode(), aCode()];
  await invite(late);
  await bank.behindItsBack(
    `UPDATE platform.invite SET created_at = created_at - interval '8 days', expires_at = expires_at - interval '8 days' WHERE code_hash = $1`,
    [hashOf(late)],
  );
  expect(await use(bank.db, late, 'late')).toMatchObject({ refusal: 'this invite has expired' });
  const made = await invite(revoked);
  const revoke = () => act(bank.db, bank.one, 'invites.revoke', db => db.query('SELECT platform.revoke_invite($1, 0)', [made.rows[0]?.id]));
  await revoke();
  expect(await use(bank.db, revoked, 'revoked')).toMatchObject({ refusal: 'this invite was revoked' });
  expect((await refusal(bank.db, revoke)).code).toBe('BU005');
});

test('nobody is invited as administrator, a higher role takes two, and nobody registers with one by themselves', async () => {
  const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(bank.db, attempt)).code;
  expect(await codeOf(() => invite(aCode(), { role: 'admin' }))).toBe('BU009');
  expect(await codeOf(() => invite(aCode(), { role: 'executive' }))).toBe('BU012');
  const insert = () =>
    bank.rows(
      `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ('sly', 'sly@mail.example', 'S', 'Ly', 'viewer', 'active')`,
    );
  expect(await codeOf(insert)).toBe('BU004');
  expect(await codeOf(() => bank.rows(`UPDATE platform.invite SET uses = 0`))).toBe('BU004');
  expect(await codeOf(() => bank.rows(`UPDATE platform.invite SET max_uses = 9`))).toBe('BU004');
});
