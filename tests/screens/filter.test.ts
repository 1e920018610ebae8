import { expect, test } from 'vitest';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';

const bank = [
  anAccount({ owner: 'Ada Byron', balance: 300_00 }),
  anAccount({ owner: 'Grace Hopper', status: 'frozen', balance: 100_00 }),
  anAccount({ owner: 'Joan Clarke', status: 'pending' }),
];

const rows = (console: TestConsole): number => console.frame().match(/^[ >][ *]\d{12} /gm)?.length ?? 0;

test.for([
  ['status=frizen', 'status is never "frizen"', 'it is one of pending, active, frozen'],
  ['statsu=frozen', 'there is no field statsu here', 'did you mean status?'],
  ['colour=red', 'there is no field colour here', 'filter by'],
  ['balance=12.345', '12.345'],
  ['opened=2026-02-30', '2026-02-30'],
  ['opened=2026-03-02..2026-03-01', '2026-03-02 lies after 2026-03-01'],
  ['status>frozen', 'status has no order', 'write status=value'],
  ['owner=', 'owner needs a value', 'write owner=value'],
  ['"Ada', 'a quotation mark is left open', 'close it with "'],
  ['due=maybe', 'due is yes or no, not "maybe"'],
] as const)('the filter %s says what is wrong in its place and leaves the list as it was', async ([filter, ...signs]) => {
  await using console = await openConsole({ accounts: bank });
  await console.filter('balance>0');
  await console.sees('/balance>0', '1 of 2');
  await console.seesNo('Joan Clarke');
  await console.filter(filter);
  await console.sees('[no]', `/${filter}`, ...signs);
  expect(console.state.mode.kind).toBe('filter');
  expect(rows(console)).toBe(2);
  await console.press('esc');
  await console.sees('/balance>0', '1 of 2');
  expect(rows(console)).toBe(2);
  expect(console.frame()).not.toContain('[no]');
});

test('a mistake is corrected where it stands', async () => {
  await using console = await openConsole({ accounts: bank });
  await console.filter('status=frizen');
  await console.sees('status is never "frizen"');
  await console.press('backspace', 'backspace', 'backspace', 'backspace', 'backspace');
  await console.type('rozen');
  await console.press('enter');
  await console.sees('/status=frozen', '1 of 1', 'Grace Hopper');
  await console.until(() => rows(console) === 1, 'one row');
  await console.filter('!status=frozen');
  await console.sees('1 of 2', 'Ada Byron', 'Joan Clarke');
  await console.seesNo('Grace Hopper');
  expect(rows(console)).toBe(2);
});

test('Tab completes fields, values and commands, and Up brings back what was typed earlier', async () => {
  await using console = await openConsole({ accounts: bank });
  await console.press('/');
  await console.type('sta');
  await console.sees('status=');
  await console.press('tab');
  await console.sees('pending', 'active', 'frozen', 'closed');
  await console.type('fr');
  await console.press('tab', 'enter');
  await console.rowsRead();
  await console.sees('/status=frozen', '1 of 1', 'Grace Hopper');
  await console.press('esc');
  await console.sees('2 of 3');
  await console.press('/', 'up', 'enter');
  await console.sees('/status=frozen', '1 of 1');

  await console.press(':');
  await console.type('us');
  await console.press('tab');
  await console.type(' username=a');
  await console.press('enter');
  await console.sees('Users', 'username=a');
  await console.press(':');
  await console.type('forg');
  await console.press('tab');
  await console.sees('forget');
  await console.press('esc');
  await console.sees('Users');
  expect(console.state.view.base).toBe('username=a');
});

test(':save keeps a filter, the chooser and :saved bring it back, :forget forgets it', async () => {
  await using console = await openConsole({ accounts: bank });
  await console.command('save before there is one');
  await console.sees('there is no filter to save');
  await console.press('esc');
  await console.command('saved');
  await console.sees('no filter is saved here yet');
  await console.press('esc');
  for (const [filter, name] of [
    ['status=frozen', 'cold'],
    ['balance>200', 'rich'],
  ] as const) {
    await console.filter(filter);
    await console.sees(`/${filter}`, '1 of 1');
    await console.command(`save ${name}`);
    await console.sees(`[ok] saved as ${name}; :saved ${name} brings it back`);
  }
  await console.command('saved');
  await console.sees('Saved filters', 'cold  status=frozen', 'rich  balance>200');
  await console.press('enter');
  await console.sees('Accounts > status=frozen', 'Grace Hopper', '1 of 1');
  await console.command('saved rich');
  await console.sees('Accounts > balance>200', 'Ada Byron', '1 of 1');
  await console.command('saved nothing');
  await console.sees('no filter is saved as nothing here', 'saved lists them');
  await console.press('esc');
  await console.command('forget rich');
  await console.sees('[ok] forgot rich');
  await console.command('saved');
  await console.sees('cold  status=frozen');
  await console.seesNo('rich  balance');
  expect(console.state.saved).toEqual({ accounts: { cold: 'status=frozen' } });
});

test(':tx, :user, :acc and :log are what they stand for, and an unknown command names those that exist', async () => {
  await using console = await openConsole({ accounts: bank });
  await console.command('tx amount>200');
  await console.sees('Transactions > amount>200', '1 of 1', 'EUR 300.00');
  await console.command('user ada');
  await console.sees('Users > ada', '1 of 1', 'Ada Byron');
  await console.command('acc status=pending');
  await console.sees('Accounts > status=pending', '1 of 1', 'Joan Clarke');
  await console.command('log action=accounts.freeze');
  await console.sees('accounts.freeze', '1 of 1');
  await console.command('accuonts');
  await console.sees('there is no command accuonts', 'did you mean accounts?');
  await console.press('esc');
  await console.command('accounts status=frizen');
  await console.sees('status is never "frizen"');
  await console.press('esc');
  await console.sees('accounts.freeze', '1 of 1');
  expect(console.state.view.base).toBe('action=accounts.freeze');
});
