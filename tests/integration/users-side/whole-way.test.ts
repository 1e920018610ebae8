import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Receipt, Typed } from '../../../src/kit/request.ts';
import { runAction } from '../../../src/kit/run-action.ts';
import { actionNamed } from '../../support/session.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';

let world: ActingBank;
/** What was sealed, as it was before: what the mail to its addressee carries. */
const sealed: string[] = [];
beforeAll(async () => {
  world = await anActingBank();
});
afterAll(() => world[Symbol.asyncDispose]());

const run = async (id: string, typed: Typed): Promise<Receipt> => {
  const { acting } = world;
  const outcome = await runAction(
    actionNamed(id),
    typed,
    { ...acting, sealSecret: text => acting.sealSecret((sealed.push(text), text)) },
    { request: randomUUID() },
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

/** Every text and document that the database keeps, by table. */
const everything = async (): Promise<string> => {
  const tables = await world.bank.rows<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('bank', 'ops', 'platform')`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) => world.bank.rows<{ text: string | null }>(`SELECT string_agg(t::text, ' ') AS text FROM ${name} t`)),
  );
  return texts.flat().map(({ text }) => text ?? '').join('\n'); // prettier-ignore
};
const tokenIn = (link: string | undefined): string => link?.split('#')[1] ?? '';
const hash = '$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$a2V5';
const note = 'tried the whole way by a test';

test('the link that only the message carries sets the password; no table, answer or log holds it', async () => {
  const { bank } = world;
  const receipt = await run('users.reset-password', { id: bank.customer, note });
  const [link] = sealed.splice(0);
  expect(link).toMatch(/^https:\/\/bank\.example\/password#[\w-]{43}$/);
  const token = tokenIn(link);
  expect(await everything()).not.toContain(token);
  expect(JSON.stringify(receipt)).not.toContain(token);
  expect(await bank.rows('SELECT template, recipient, status FROM ops.notice')).toEqual([
    { template: 'password-reset', recipient: 'ada@mail.example', status: 'waiting' },
  ]);
  expect(await bank.rows(`SELECT user_id, refusal FROM bank.redeem_password_reset($1, $2, '198.18.0.1')`, [token, hash])).toEqual([
    { user_id: bank.customer, refusal: null },
  ]);
});

test('a repeat of the request sends no second link', async () => {
  const { bank, acting } = world;
  const request = randomUUID();
  const again = () => runAction(actionNamed('users.reset-password'), { id: bank.customer, note }, acting, { request });
  const [first, second] = [await again(), await again()];
  expect(first).toMatchObject({ ok: true, value: { replayed: false } });
  expect(second).toMatchObject({ ok: true, value: { replayed: true } });
  expect(await bank.rows('SELECT FROM bank.password_reset WHERE used_at IS NULL AND cancelled_at IS NULL')).toHaveLength(1);
  expect(await bank.rows(`SELECT FROM ops.notice WHERE request_id = $1`, [request])).toHaveLength(1);
});

test('the code of an invite registers whom it was sent to', async () => {
  const { bank } = world;
  await run('invites.create', { email: 'grace@mail.example', role: 'viewer', note });
  const code = tokenIn(sealed.splice(0)[0]);
  expect(await everything()).not.toContain(code);
  const use = `SELECT user_id IS NOT NULL AS registered, refusal FROM platform.use_invite($1, 'grace', 'grace@mail.example', 'Grace', 'Hopper', NULL, $2)`;
  expect(await bank.rows(use, [code, hash])).toEqual([{ registered: true, refusal: null }]);
});

test('whoever is created with an invitation chooses the password by its link, and is active then', async () => {
  const { bank } = world;
  const person = { username: 'hedy', email: 'hedy@mail.example', firstName: 'Hedy', lastName: 'Lamarr', openAccount: 'none' };
  await run('users.create', { ...person, sendInvitation: 'yes', activate: 'no', note });
  const token = tokenIn(sealed.splice(0)[0]);
  expect(await bank.rows(`SELECT refusal FROM bank.redeem_password_reset($1, $2, '198.18.0.1')`, [token, hash])).toEqual([
    { refusal: null },
  ]);
  expect(
    await bank.rows(
      `SELECT status, must_change_password, email_verified_at IS NOT NULL AS verified FROM bank."user" WHERE username = 'hedy'`,
    ),
  ).toEqual([{ status: 'active', must_change_password: false, verified: true }]);
});
