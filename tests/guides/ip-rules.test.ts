import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'guessed at passwords all night';
const guess = (username: string, ip: string, right = false) =>
  bank.value(`SELECT verdict FROM bank.record_sign_in($1, $2, 'python-requests/2.31', 'script', $3)`, [username, ip, right]);
const aCustomer = () => bank.value(`SELECT username FROM bank."user" WHERE status = 'active' AND role = 'customer' ORDER BY id LIMIT 1`);
const ruleFor = async (network: string) =>
  (await bank.rows('SELECT * FROM platform.ip_rule WHERE network = $1 ORDER BY id DESC', [network]))[0];

test('A33 the last twenty events of a name are seen, by type, user and address, and lead to the user', async () => {
  const username = await aCustomer();
  for (let turn = 0; turn < 4; turn++) await guess(username, '192.0.2.61');
  await using console = await bank.screen('sign-ins');
  await goTo(console, `sign-ins type=login_failure ip=192.0.2.61`);
  await console.sees('of 4', 'login failure', username, '192.0.2.61', 'python-requests', 'Last of this name');
  await console.press('u');
  await console.sees('Users', username, '1 of 1');

  const listed = await bank.bursar('sign-ins', 'list', '--limit', '20');
  expect(listed.trim().split('\n').length).toBeGreaterThanOrEqual(20);
  const failures = await bank.bursar('sign-ins', 'list', 'type=login_failure', `user=${username}`, 'ip=192.0.2.61');
  expect(failures).toContain('192.0.2.61');
  expect(failures).not.toContain('login success');
});

test('D21 brute force: failed logins of an address are seen, the address is blocked from the row until its end, and hits are counted', async () => {
  const username = await aCustomer();
  for (let turn = 0; turn < 3; turn++) await guess(`somebody${turn}`, '192.0.2.62');
  await using console = await bank.screen('sign-ins');
  await goTo(console, 'sign-ins type=login_failure ip=192.0.2.62');
  await console.sees('of 3', 'nobody', '3, with 3 names', 'Blocked now');
  await console.press('x', 'b');
  await console.fill({ hours: '12', note });
  await console.sees('sign-ins from 192.0.2.62/32 are refused by the platform for 12 hours', 'failed within a day');
  await console.confirm();
  await console.sees('[ok] blocked 192.0.2.62/32 until');
  expect(await ruleFor('192.0.2.62')).toMatchObject({ kind: 'block', scope: 'platform', hits: '0', reason: note });
  for (let turn = 0; turn < 5; turn++) expect(await guess(username, '192.0.2.62', true)).toBe('blocked');
  expect(await ruleFor('192.0.2.62')).toMatchObject({ hits: '5' });
  expect(await bank.bursar('sign-ins', 'list', 'type=login_blocked', 'ip=192.0.2.62')).toContain(username);

  await bank.bursar('ip-rules', 'block', '--network', '2001:db8:bad::/48', '--hours', '1', '--note', note, '--yes');
  expect(await guess(username, '2001:db8:bad::7', true)).toBe('blocked');
  const rule = await ruleFor('2001:db8:bad::/48');
  expect((await bank.trail('ip-rule', String(rule?.['id']))).at(-1)).toMatchObject({ action: 'ip-rules.block', outcome: 'success' });
  const endless = await bank.tries('ip-rules', 'block', '--network', '192.0.2.63', '--hours', '10000', '--note', note, '--yes');
  expect(endless).toMatchObject({ code: 2, stderr: expect.stringContaining('at most a year') as string });
  const nonsense = await bank.tries('ip-rules', 'block', '--network', '203.0.113.999', '--note', note, '--yes');
  expect(nonsense).toMatchObject({ code: 2, stderr: expect.stringContaining('no address or network') as string });

  await goTo(console, 'ip-rules network=192.0.2.62');
  await console.sees('1 of 1', 'block', '5 sign-ins', 'Behind it');
  await console.press('x', 'r');
  await console.fill({ note: 'the customer of this office called' });
  await console.sees('is let in again by the platform', 'it refused 5 sign-ins');
  await console.confirm();
  await console.sees('[ok] removed the rule for 192.0.2.62/32');
  expect(await guess(username, '192.0.2.62', true)).toBe('welcome');
});

test('A13 an allowlist entry for the console takes two; who would be shut out by it is refused; others are kept out', async () => {
  await using console = await bank.screen('ip-rules');
  await console.press('x', 'a');
  await console.fill({ network: '192.0.2.0/24', note: 'the office of operations' });
  await console.sees('192.0.2.0/24 is on the allowlist of this console until it is removed', 'it is the first entry');
  await console.confirm();
  await console.sees('waits for somebody with');
  const number = await bank.value(`SELECT number FROM ops.approval WHERE action = 'ip-rules.allow' ORDER BY number DESC LIMIT 1`);
  const own = await bank.tries('inbox', 'approve', number, '--note', 'decided by its own maker', '--yes');
  expect(own).toMatchObject({ code: 3, stderr: expect.stringContaining('cannot decide') as string });
  expect(await ruleFor('192.0.2.0/24')).toBeUndefined();
  await bank.bursar('--as', 'manager', 'inbox', 'approve', number, '--note', 'agreed with the head of security', '--yes');
  expect(await ruleFor('192.0.2.0/24')).toMatchObject({ kind: 'allow', scope: 'admin', removed_at: null });
  expect(await bank.value(`SELECT platform.ip_objection('198.18.0.1', 'admin')`)).toContain('not on the allowlist');
  expect(await bank.value(`SELECT platform.ip_objection('192.0.2.9', 'admin') IS NULL`)).toBe('true');

  const id = String((await ruleFor('192.0.2.0/24'))?.['id']);
  const asked = await bank.tries('ip-rules', 'remove', id, '--note', 'the office was given up', '--yes');
  expect(asked.code).toBe(4);
  const removal = await bank.value(`SELECT number FROM ops.approval WHERE action = 'ip-rules.remove' ORDER BY number DESC LIMIT 1`);
  await bank.bursar('--as', 'manager', 'inbox', 'approve', removal, '--note', 'agreed with the head of security', '--yes');
  expect(await bank.value(`SELECT platform.ip_objection('198.18.0.1', 'admin') IS NULL`)).toBe('true');
  expect(await bank.trail('ip-rule', id)).toMatchObject([{ action: 'ip-rules.allow' }, { action: 'ip-rules.remove' }]);
});
