import { afterEach, expect, test, vi } from 'vitest';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';

afterEach(() => {
  vi.useRealTimers();
});

const statuses = async (console: TestConsole): Promise<readonly unknown[]> =>
  (await console.bank.rows('SELECT status::text FROM bank.account ORDER BY id')).map(row => row['status']);

const freeze = async (console: TestConsole, number = ''): Promise<void> => {
  await console.press('x', 'f');
  await console.fill({ ground: 'fraud', note: 'reported by telephone this morning' });
  await console.sees('stops deposits, withdrawals and transfers');
  await console.confirm();
  await console.sees(`[ok] froze ${number}`, 'z undo');
};

test('z opens the preview of the nearest way back, says that it is done, and then that nothing is left', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await console.press('z');
  await console.sees('nothing done in this session can be undone', 'audit shows all that was done');
  await freeze(console);
  expect(await statuses(console)).toEqual(['frozen']);

  await console.press('z');
  await console.sees('Retract freeze', '[ Cancel ]');
  await console.press('enter');
  await console.sees('Retract freeze: given up, nothing was changed');
  expect(await statuses(console)).toEqual(['frozen']);

  await console.press('z');
  await console.confirm();
  await console.sees('[ok] retracted the freeze of', 'active');
  expect(await statuses(console)).toEqual(['active']);
  await console.press('z');
  await console.sees('nothing done in this session can be undone');
  expect(await console.audit()).toMatchObject([
    { action: 'accounts.freeze', note: 'reported by telephone this morning' },
    { action: 'accounts.retract-freeze', note: 'retracted: reported by telephone this morning' },
  ]);
});

test('z again undoes what was done before that', async () => {
  await using console = await openConsole({ accounts: [anAccount(), anAccount()] });
  const [oldest = '', newest = ''] = console.bank.numbers;
  await console.sees('1 of 2');
  await freeze(console, newest);
  await console.press('j');
  await console.sees('2 of 2');
  await freeze(console, oldest);
  expect(await statuses(console)).toEqual(['frozen', 'frozen']);
  await console.press('z');
  await console.confirm();
  await console.sees(`[ok] retracted the freeze of ${oldest}`);
  expect(await statuses(console)).toEqual(['active', 'frozen']);
  await console.press('z');
  await console.confirm();
  await console.sees(`[ok] retracted the freeze of ${newest}`);
  expect(await statuses(console)).toEqual(['active', 'active']);
});

test('an approval that money followed can no longer be retracted: z opens the next way back, a freeze', async () => {
  await using console = await openConsole({ accounts: [anAccount({ status: 'pending' })] });
  const [number = ''] = console.bank.numbers;
  await console.sees('pending');
  await console.press('x', 'a');
  await console.fill({ note: 'papers were brought to the branch' });
  await console.confirm();
  await console.sees('[ok] approved', 'z undo');
  await console.bank.rows(
    `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, (SELECT id FROM bank.account WHERE number = $1), 500, 'EUR', 'branch')`,
    [number],
  );
  await console.press('z');
  await console.sees('Freeze account', 'stops deposits, withdrawals and transfers');
  await console.confirm();
  await console.sees('[ok] froze', 'frozen');
  expect(await statuses(console)).toEqual(['frozen']);
});

test('ten minutes later a freeze is no longer retracted but ended, with all that this asks for', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await console.press('x', 'f');
  await console.fill({ ground: 'fraud', note: 'reported by telephone this morning' });
  await console.until(() => console.state.mode.kind === 'confirm', 'the preview');
  vi.setSystemTime(Date.now() + 1_000);
  await console.confirm();
  await console.sees('[ok] froze');
  vi.setSystemTime(Date.now() + 601_000);
  await console.press('z');
  await console.sees('Unfreeze account', 'Cause resolved', 'must be yes');
  expect(await statuses(console)).toEqual(['frozen']);
});
