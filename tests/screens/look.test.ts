import { expect, test } from 'vitest';
import { anAccount, openConsole } from '../support/console.ts';

const three = [
  anAccount({ owner: 'Ada Byron', balance: 300_00 }),
  anAccount({ owner: 'Grace Hopper', balance: 100_00 }),
  anAccount({ owner: 'Joan Clarke', balance: 200_00 }),
];

/** Owners on screen, from the top. */
const owners = (frame: string): readonly string[] => [...frame.matchAll(/^[ >][ *]\d{12} +(\w+) /gm)].map(([, name = '']) => name);

test('s chooses what the list is sorted by, chosen again it is turned round, and S does that at once', async () => {
  await using console = await openConsole({ accounts: three });
  await console.sees('sort:opened-', '1 of 3');
  await console.press('s');
  await console.sees('Sort by', 'Opened  now: largest or newest first', 'Balance');
  await console.press('k', 'enter');
  await console.sees('sort:balance+', 'BALANCE+');
  await console.until(() => owners(console.frame()).join() === 'Grace,Joan,Ada', 'the smallest balance first');
  await console.press('s', 'enter');
  await console.sees('sort:balance-');
  await console.until(() => owners(console.frame()).join() === 'Ada,Joan,Grace', 'the largest balance first');
  await console.press('S');
  await console.sees('sort:balance+');
  await console.until(() => owners(console.frame()).join() === 'Grace,Joan,Ada', 'the smallest balance first');
  // the cursor has stayed with its record, which is the second one in this order
  await console.sees('2 of 3');
  await console.press('s', 'esc', 'j');
  await console.sees('3 of 3', 'sort:balance+');
  expect(owners(console.frame())).toEqual(['Grace', 'Joan', 'Ada']);
});

test('c shows and hides columns, the first one always stays, and the choice holds where one comes back', async () => {
  await using console = await openConsole({ accounts: three });
  await console.sees('OWNER', 'TYPE', 'BALANCE', 'STATUS', 'ALERTS');
  await console.press('c');
  await console.sees('Columns', '[x] Number', 'names the record, always shown', '[ ] Username');
  await console.press('space');
  await console.sees('[x] Number');
  await console.press('j', 'j', 'space');
  await console.sees('[ ] Type');
  await console.press('G', 'space');
  await console.sees('[x] Username');
  await console.press('enter');
  await console.seesNo('TYPE');
  await console.command('users');
  await console.sees('Users');
  await console.command('accounts');
  await console.sees('Accounts', 'BALANCE');
  expect(console.frame()).not.toContain('TYPE');
});

test('w shows all columns, > scrolls them while the first one stays, < scrolls back', async () => {
  await using console = await openConsole({ accounts: three, size: [108, 28] });
  await console.sees('NUMBER', 'OPENED');
  expect(console.frame()).not.toContain('CHANGED');
  await console.press('w');
  await console.sees('CHANGED');
  expect(console.frame()).not.toContain('USERNAME');
  await console.press('>', '>', '>');
  await console.seesNo('OWNER', 'BALANCE');
  await console.sees('NUMBER', 'CHANGED', 'USERNAME', console.bank.numbers[0] ?? '');
  await console.press('<', '<', '<', '<');
  await console.sees('NUMBER', 'OWNER', 'BALANCE');
  await console.press('w');
  await console.seesNo('CHANGED');
});

test('a terminal that becomes small and large again keeps the record, the marks and the form', async () => {
  await using console = await openConsole({ accounts: Array.from({ length: 30 }, () => anAccount()), size: [120, 40] });
  const [oldest = ''] = console.bank.numbers;
  await console.sees('1 of 30');
  await console.press('G', 'space');
  await console.sees('30 of 30', '1 marked');
  await console.resize(60, 15);
  await console.sees(`>*${oldest}`, '30 of 30', '1 marked', 'Accounts');
  expect(console.frame().split('\n')).toHaveLength(15);
  await console.press('x', 'f');
  await console.fillIn({ note: 'typed while it was small' });
  await console.sees('typed while it was small');
  await console.resize(120, 40);
  await console.sees('Freeze account', 'typed while it was small', 'Review on');
  await console.resize(60, 15);
  await console.sees('typed while it was small');
  await console.press('esc');
  await console.sees(`>*${oldest}`);
  await console.resize(120, 40);
  await console.sees(`>*${oldest}`, '30 of 30', 'Limits today');
});
