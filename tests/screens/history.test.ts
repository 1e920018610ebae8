import { expect, test } from 'vitest';
import { anAccount, openConsole } from '../support/console.ts';

const bank = [
  anAccount({ owner: 'Grace Hopper', balance: 300_00 }),
  anAccount({ owner: 'Ada Byron' }),
  anAccount({ owner: 'Grace Hopper', balance: 100_00 }),
  anAccount({ owner: 'Grace Hopper', status: 'frozen', balance: 200_00 }),
];

test('u, a, t and l lead from an account to its user, accounts, transactions and log; [ and ] go back and forth', async () => {
  await using console = await openConsole({ accounts: bank });
  const [oldest = ''] = console.bank.numbers;
  const [account] = await console.bank.rows('SELECT id::text FROM bank.account WHERE number = $1', [oldest]);
  await console.filter('Hopper');
  await console.sees('Accounts > /Hopper', '1 of 3');
  await console.seesNo('Ada Byron');
  await console.press('j', 'space');
  await console.sees('1 marked', `> ${oldest}`, '3 of 3');

  await console.press('u');
  await console.sees('Users > username=user1', 'Grace Hopper', '1 of 1');
  await console.press('a');
  await console.sees('Accounts > owner=user1', '1 of 3');
  await console.press('G', 't');
  await console.sees(`Transactions > account=${oldest}`, 'EUR 300.00', '1 of 1');
  await console.press('[');
  await console.sees('Accounts > owner=user1', `> ${oldest}`, '3 of 3');
  await console.press('l');
  await console.sees(`Audit > entity=account record=${String(account?.['id'])}`, 'accounts.approve');

  await console.press('[', '[');
  await console.sees('Users > username=user1');
  await console.press('alt+left');
  await console.sees('Accounts > /Hopper', '1 marked', `> ${oldest}`, '3 of 3');
  expect(console.frame()).not.toContain('Ada Byron');
  await console.press('[', '[');
  await console.sees('there is nothing further back');
  await console.press(']');
  await console.until(() => console.state.view.resource === 'accounts', 'the list of accounts');
  await console.sees('Accounts > /Hopper', '1 marked', `> ${oldest}`);
  await console.press(']');
  await console.sees('Users > username=user1');
  await console.press('alt+right');
  await console.sees('Accounts > owner=user1', `> ${oldest}`);
  await console.press(']');
  await console.sees('Audit > entity=account');
  await console.press(']');
  await console.sees('there is nothing further on', 'Audit > entity=account');
});

test('- changes between the last two views', async () => {
  await using console = await openConsole({ accounts: bank });
  await console.sees('1 of 4');
  await console.press('j', 'j');
  await console.sees('3 of 4');
  await console.command('users');
  await console.sees('Users', 'USERNAME');
  await console.press('-');
  await console.sees('Accounts', '3 of 4');
  await console.press('-');
  await console.sees('Users', 'USERNAME');
  expect(console.state.view.resource).toBe('users');
});

test('Esc closes the detail, then takes the marks away, then the filter, then goes back', async () => {
  await using console = await openConsole({ accounts: bank });
  await console.command('accounts status=active');
  await console.sees('Accounts > status=active', '1 of 3');
  await console.filter('Hopper');
  await console.sees('Accounts > status=active > /Hopper', '1 of 2');
  await console.seesNo('Ada Byron');
  await console.press('space', 'enter');
  await console.sees('Limits today', 'Last postings');
  await console.press('esc');
  await console.seesNo('Limits today');
  await console.sees('1 marked', '/Hopper');
  await console.press('esc');
  await console.seesNo('1 marked');
  await console.sees('Accounts > status=active > /Hopper');
  await console.press('esc');
  await console.seesNo('/Hopper');
  await console.sees('3 of 3', 'Accounts > status=active', 'Ada Byron');
  await console.press('esc');
  await console.seesNo('status=active');
  await console.sees('Accounts', '1 of 4');
  expect(console.frame().match(/^[ >] \d{12} /gm)).toHaveLength(4);
});

test('a record that leads nowhere says so, and a link that was copied opens its record', async () => {
  await using console = await openConsole({ accounts: bank });
  const [oldest = ''] = console.bank.numbers;
  await console.sees('1 of 4');
  await console.press('a');
  await console.sees('this record leads to no account');
  await console.press('G', 'y');
  await console.sees(`copied ${oldest}`);
  expect(console.clipboard).toBe(oldest);
  await console.press('Y');
  await console.sees(`copied the link to ${oldest}`);
  const link = console.clipboard;
  await console.command('users');
  await console.sees('USERNAME');
  await console.command(link);
  await console.sees(`Accounts > ${oldest}`, 'Limits today');
});
