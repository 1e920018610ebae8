import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const userNamed = async (username: string) => (await bank.rows('SELECT * FROM bank."user" WHERE username = $1', [username]))[0];
const accountsOf = (username: string) =>
  bank.rows('SELECT a.type, a.balance, a.status FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE username = $1', [
    username,
  ]);
const note = 'came to the branch with a passport';
const activeUsers = async (count: number): Promise<readonly { readonly id: string; readonly username: string }[]> => {
  const rows = await bank.rows(
    `SELECT id, username FROM bank."user" u WHERE status = 'active' AND role = 'customer' AND email_verified_at IS NOT NULL
        AND EXISTS (SELECT FROM bank.auth_session s WHERE s.user_id = u.id AND ended_at IS NULL) ORDER BY id LIMIT $1`,
    [count],
  );
  return rows.map(row => ({ id: String(row['id']), username: String(row['username']) }));
};

test('D4 a user registers alone with a pending account, or is created with a savings account at 0.00, active or pending', async () => {
  await bank.rows(
    `SELECT bank.register_customer('mary.shelley', 'mary@mail.example', 'Mary', 'Shelley', '1980-08-30', '+44 20 555 0100', 'savings', 'EUR')`,
  );
  expect(await accountsOf('mary.shelley')).toEqual([{ type: 'savings', balance: '0', status: 'pending' }]);
  await using console = await bank.screen('accounts');
  await goTo(console, 'accounts status=pending owner=mary.shelley');
  await console.sees('1 of 1', 'Mary Shelley', 'savings', 'EUR 0.00', 'pending');

  await goTo(console, 'users');
  await console.sees('Users', 'USERNAME');
  await console.press('x', 'n');
  await console.fill({ username: 'grace.hopper', email: 'grace@mail.example', firstName: 'Grace', lastName: 'Hopper', note });
  await console.sees('a savings account with EUR 0.00 is opened, pending');
  await console.confirm();
  await console.sees('[ok] created grace.hopper with account');
  expect(await userNamed('grace.hopper')).toMatchObject({ email: 'grace@mail.example', first_name: 'Grace', last_name: 'Hopper' });
  expect(await accountsOf('grace.hopper')).toEqual([{ type: 'savings', balance: '0', status: 'pending' }]);

  const flags = ['--email', 'joan@mail.example', '--first-name', 'Joan', '--last-name', 'Clarke', '--note', note];
  await bank.bursar('users', 'create', '--username', 'joan.clarke', ...flags, '--account-status', 'active', '--yes');
  expect(await accountsOf('joan.clarke')).toEqual([{ type: 'savings', balance: '0', status: 'active' }]);
  const twice = await bank.tries('users', 'create', '--username', 'joan.clarke', ...flags, '--yes');
  expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('is taken') as string });
});

test('P1 a user is created with username, e-mail and password, is viewer first and active or not', async () => {
  const password = 'a long enough passphrase';
  await using console = await bank.screen('users');
  await console.press('x', 'n');
  await console.fillIn({ username: 'alan.turing', email: 'alan@mail.example', firstName: 'Alan', lastName: 'Turing', password });
  expect(console.frame()).not.toContain(password);
  await console.fill({ openAccount: 'none', note });
  await console.sees('becomes viewer and can sign in at once', 'the password must be changed at the first sign-in');
  expect(console.frame()).not.toContain(password);
  await console.confirm();
  await console.sees('[ok] created alan.turing', 'viewer');
  const alan = await userNamed('alan.turing');
  expect(alan).toMatchObject({ role: 'viewer', status: 'active', must_change_password: true });
  expect(alan?.['password_hash']).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);

  const flags = ['--email', 'kay@mail.example', '--first-name', 'Kay', '--last-name', 'McNulty', '--note', note];
  await bank.bursar('users', 'create', '--username', 'kay.mcnulty', ...flags, '--no-activate', '--open-account', 'none', '--yes');
  expect(await userNamed('kay.mcnulty')).toMatchObject({ role: 'viewer', status: 'invited', password_hash: null });
  expect(await accountsOf('kay.mcnulty')).toEqual([]);
  const boss = await bank.tries('users', 'create', '--username', 'boss', ...flags, '--role', 'admin', '--yes');
  expect(boss).toMatchObject({ code: 2, stderr: expect.stringContaining('Role') as string });
  expect(
    await bank.rows(`SELECT verb, outcome::text FROM ops.audit WHERE action = 'users.create' AND entity_label = 'alan.turing'`),
  ).toEqual([{ verb: 'create', outcome: 'success' }]);
});

test('D14 e-mail and names of a user are edited, and the log has old and new', async () => {
  const [one, other] = await activeUsers(2);
  const before = await userNamed(one?.username ?? '');
  await using console = await bank.screen('users');
  await goTo(console, `users username=${one?.username}`);
  await console.sees('1 of 1');
  await console.press('x', 'e');
  await console.fill({ email: 'new.address@mail.example', note: 'letter of the customer of today' });
  await console.sees(`e-mail: ${String(before?.['email'])}`, 'new.address@mail.example', 'the old address', 'is told');
  await console.confirm();
  await console.sees('[ok] updated the profile');
  expect(await userNamed(one?.username ?? '')).toMatchObject({
    email: 'new.address@mail.example',
    email_verified_at: null,
    first_name: before?.['first_name'],
    phone: before?.['phone'],
  });
  expect(await bank.trail('user', one?.id ?? '')).toMatchObject([
    { action: 'users.edit', verb: 'update', old: { email: before?.['email'] }, new: { email: 'new.address@mail.example' } },
  ]);

  const married = await userNamed(other?.username ?? '');
  await bank.bursar('users', 'edit', other?.username ?? '', '--last-name', 'Lovelace', '--note', 'marriage certificate was shown', '--yes');
  expect(await userNamed(other?.username ?? '')).toMatchObject({
    last_name: 'Lovelace',
    email: married?.['email'],
    email_verified_at: married?.['email_verified_at'],
  });
  expect(await bank.trail('user', other?.id ?? '')).toMatchObject([
    { old: { lastName: married?.['last_name'] }, new: { lastName: 'Lovelace' } },
  ]);
});

test('P4 a user is deactivated: no sign-in, every session ended, nobody else touched', async () => {
  const [one, other] = await activeUsers(2);
  const liveSessions = (id: string | undefined) =>
    bank.value('SELECT count(*) FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [id]);
  const others = () => bank.value(`SELECT count(*) FROM bank."user" WHERE status = 'deactivated'`);
  const before = Number(await others());
  await using console = await bank.screen('users');
  await goTo(console, `users username=${one?.username}`);
  await console.sees('1 of 1', 'Open sessions');
  await console.press('x', 'd');
  await console.fill({ note: 'left the company yesterday' });
  await console.sees('can no longer sign in', 'at once', 'Sessions that end');
  await console.confirm();
  await console.sees('[ok] deactivated', 'deactivated');

  await bank.bursar('users', 'deactivate', other?.username ?? '', '--note', 'left the company yesterday', '--yes');
  for (const user of [one, other]) {
    expect(await userNamed(user?.username ?? '')).toMatchObject({ status: 'deactivated' });
    expect(await liveSessions(user?.id)).toBe('0');
    expect((await bank.trail('user', user?.id ?? '')).at(-1)).toMatchObject({ action: 'users.deactivate', new: { status: 'deactivated' } });
  }
  expect(Number(await others())).toBe(before + 2);

  const admins = await bank.rows(`SELECT username FROM bank."user" WHERE role = 'admin' AND status = 'active' ORDER BY id`);
  for (const { username } of admins.slice(1))
    await bank.bursar('users', 'deactivate', String(username), '--note', 'left the company yesterday', '--yes');
  const last = await bank.tries('users', 'deactivate', String(admins[0]?.['username']), '--note', 'left the company yesterday', '--yes');
  expect(last).toMatchObject({ code: 3, stderr: expect.stringContaining('last active administrator') as string });
});
