import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, approveOnScreen, askAndApprove, goTo, type GuideBank } from '../support/guide-bank.ts';
import { several, unusedAccounts } from '../support/unused-accounts.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const take = unusedAccounts();
const anAccount = (condition: string) => take(bank, condition);
const statusOf = (number: string) => bank.value('SELECT status FROM bank.account WHERE number = $1', [number]);

const emptyAccount = () => anAccount(`status = 'active' AND balance = 0`);
/** Takes what is on an account out of it, as the customer would. */
const payOut = async ({ number }: { readonly number: string }): Promise<void> => {
  for (;;) {
    const left = Number(await bank.value('SELECT balance FROM bank.account WHERE number = $1', [number]));
    if (left === 0) return;
    expect(await bank.post({ type: 'withdrawal', from: number, amount: Math.min(left, 200_000) })).toBeNull();
  }
};

test('D12 closing names one of four grounds', async () => {
  const grounds = ['request', 'inactivity', 'violation', 'business decision'];
  const accounts = await several(grounds.length, emptyAccount);
  await using console = await bank.screen('accounts');
  await goTo(console, `accounts number=${accounts[0]?.number}`);
  await console.sees('1 of 1');
  await console.press('x', 'c');
  await console.sees(...grounds);
  await console.fill({ ground: grounds[0] ?? '', note: 'asked for in the branch' });
  await console.confirm(accounts[0]?.number);
  await approveOnScreen(bank, console, 'closed');

  for (const [index, ground] of grounds.entries()) {
    const { number, id } = accounts[index] ?? { number: '', id: '' };
    if (index > 0)
      await askAndApprove(
        bank,
        'accounts',
        'close',
        number,
        '--ground',
        ground,
        '--note',
        'asked for in the branch',
        '--yes',
        '--confirm',
        number,
      );
    expect(await statusOf(number)).toBe('closed');
    expect((await bank.trail('account', id)).at(-1)).toMatchObject({
      action: 'accounts.close',
      operator: 'mona',
      reason: ground,
      new: { status: 'closed', ground },
    });
  }
  const { number } = await emptyAccount();
  const refused = await bank.tries(
    'accounts',
    'close',
    number,
    '--ground',
    'bad mood',
    '--note',
    'asked for in the branch',
    '--yes',
    '--confirm',
    number,
  );
  expect(refused.code).toBe(2);
  expect(await statusOf(number)).toBe('active');
});

test('D13 closing takes a zero balance, shows the final statement, keeps the records and notifies', async () => {
  const account = await anAccount(`status = 'active' AND balance BETWEEN 1000 AND 90000`);
  const close = [
    'accounts',
    'close',
    account.number,
    '--ground',
    'request',
    '--note',
    'the customer moves abroad',
    '--yes',
    '--confirm',
    account.number,
  ];
  const refused = await bank.tries(...close);
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('still holds money') as string });
  await payOut(account);

  await using console = await bank.screen('accounts');
  await goTo(console, `accounts number=${account.number}`);
  await console.sees('1 of 1', 'EUR 0.00');
  await console.press('x', 'c');
  await console.fill({ ground: 'request', note: 'the customer moves abroad' });
  await console.sees('is closed for good', 'Final statement', 'its records are kept until', 'the customer is told');
  await console.confirm(account.number);
  await approveOnScreen(bank, console, 'closed');
  await console.sees('closed');
  expect(await bank.rows('SELECT status, balance, closed_at IS NOT NULL AS dated FROM bank.account WHERE id = $1', [account.id])).toEqual([
    { status: 'closed', balance: '0', dated: true },
  ]);
  expect((await bank.trail('account', account.id)).map(({ outcome }) => outcome)).toEqual(['refused', 'success']);
  expect((await bank.trail('account', account.id)).at(-1)?.['new']).toMatchObject({
    notify: true,
    archivedUntil: expect.stringMatching(/^20\d\d-/) as string,
  });
  const again = await bank.tries(...close);
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('is closed') as string });
});
