import { expect, test } from 'vitest';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';

/** Somebody opens an account elsewhere; gives its number. */
const accountOpens = async (console: TestConsole): Promise<string> => {
  const [row] = await console.bank.rows(
    `INSERT INTO bank.account (number, user_id, currency) SELECT bank.next_account_number(), id, 'EUR' FROM bank."user" WHERE username = 'ada' RETURNING number`,
  );
  return String(row?.['number']);
};

const deposit = (console: TestConsole, number: string | undefined, amount: number): Promise<unknown> =>
  console.bank.rows(
    `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, (SELECT id FROM bank.account WHERE number = $1), $2, 'EUR', 'branch')`,
    [number, amount],
  );

const listed = (console: TestConsole): readonly string[] =>
  [...console.frame().matchAll(/^[ >][ *](\d{12}) /gm)].map(([, number = '']) => number);

/** Waits until the console could have read the list anew several times. */
const aWhile = (console: TestConsole): Promise<void> => {
  const from = console.state.now;
  return console.until(() => console.state.now >= from + 3_000, 'three seconds on the clock of the console');
};

test('new rows are announced, the list stays where it is, and r shows them', async () => {
  await using console = await openConsole({ accounts: [anAccount(), anAccount(), anAccount()] });
  const [oldest = '', middle = '', newest = ''] = console.bank.numbers;
  await console.sees('1 of 3');
  await console.press('j');
  const one = await accountOpens(console);
  await console.sees('1 new, r shows them');
  const two = await accountOpens(console);
  await console.sees('2 new, r shows them', `> ${middle}`);
  expect(listed(console)).toEqual([newest, middle, oldest]);
  await console.press('r');
  await console.sees(two);
  expect(listed(console)).toEqual([two, one, newest, middle, oldest]);
  await console.sees(`> ${middle}`, '4 of 5');
  await console.seesNo('r shows them');
});

test('a changed row shows without a key, and the cursor stays on its record', async () => {
  await using console = await openConsole({ accounts: [anAccount(), anAccount()] });
  const [oldest = '', newest = ''] = console.bank.numbers;
  await console.sees('1 of 2');
  await console.press('G');
  await deposit(console, oldest, 77_01);
  await console.sees(`> ${oldest}`, 'EUR 77.01', '2 of 2');
  expect(listed(console)).toEqual([newest, oldest]);
});

test('p pauses live updates, says so for as long as it lasts, and p again catches up', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  const [number = ''] = console.bank.numbers;
  await console.sees('1 of 1', 'live 1s');
  await console.press('p');
  await console.sees('live updates are paused');
  await console.seesNo('live 1s');
  await console.until(() => !console.state.refreshing, 'what was asked before the pause');
  await deposit(console, number, 77_01);
  await accountOpens(console);
  await aWhile(console);
  expect(console.frame()).toContain('EUR 0.00');
  expect(console.frame()).not.toContain(' new');
  await console.press('p');
  await console.sees('live again', 'EUR 77.01', '1 new, r shows them', 'live 1s');
});

test('F follows: new rows show at once, until the cursor moves', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  const [number = ''] = console.bank.numbers;
  await console.sees('1 of 1');
  await console.press('F');
  await console.sees('following: new rows show at once');
  const one = await accountOpens(console);
  await console.sees(`> ${one}`);
  const two = await accountOpens(console);
  await console.sees(`> ${two}`);
  expect(listed(console)).toEqual([two, one, number]);
  await console.press('j');
  await console.sees(`> ${one}`);
  await accountOpens(console);
  await console.sees('1 new, r shows them', `> ${one}`);
  expect(listed(console)).toEqual([two, one, number]);
});
