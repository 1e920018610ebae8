import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const used = new Set<string>();
/** The number and id of an account in some state that no other test has taken. */
const anAccount = async (condition: string): Promise<{ readonly number: string; readonly id: string }> => {
  const rows = await bank.rows(`SELECT number, id FROM bank.account a WHERE currency = 'EUR' AND ${condition} ORDER BY id LIMIT 100`);
  const free = rows.map(row => ({ number: String(row['number']), id: String(row['id']) })).find(({ number }) => !used.has(number));
  if (!free) throw new Error(`there is no account left with ${condition}`);
  used.add(free.number);
  return free;
};
test('D20 limits: 10,000 in, 5,000 out and 5,000 sent a day, 2,000 at once; beyond them the posting is refused and seen', async () => {
  const unused = `status = 'active' AND balance BETWEEN 600000 AND 100000000 AND NOT EXISTS (SELECT FROM bank.limit_counter c WHERE c.account_id = a.id)
    AND NOT EXISTS (SELECT FROM bank.limit_override o WHERE o.account_id = a.id)`;
  const [account, other] = [await anAccount(unused), await anAccount(`status = 'active'`)];
  const { number } = account;
  expect(await bank.post({ type: 'deposit', to: number, amount: 200_001 })).toBe('Single limit exceeded (deposit)');
  for (const [posting, daily] of [
    [{ type: 'deposit', to: number }, 1_000_000],
    [{ type: 'withdrawal', from: number }, 500_000],
    [{ type: 'transfer', from: number, to: other.number }, 500_000],
  ] as const) {
    for (let left = daily; left > 0; left -= 100_000) expect(await bank.post({ ...posting, amount: 100_000 })).toBeNull();
    expect(await bank.post({ ...posting, amount: 1 })).toBe(`Daily limit exceeded (${posting.type})`);
  }

  await using console = await bank.screen('accounts', [120, 60]);
  await goTo(console, `accounts number=${number}`);
  await console.sees(
    '1 of 1',
    'Limits today',
    '10,000.00 of 10,000.00',
    '5,000.00 of 5,000.00',
    'single 2,000.00',
    /transfer EUR 0.01: Daily limit[\s|]+exceeded/,
  );
  expect(await bank.bursar('accounts', 'show', number)).toContain('Daily limit exceeded (withdrawal)');
  expect(await bank.bursar('overview', 'show', 'Refused, 24 h')).toContain('daily-limit');
  expect(await bank.rows('SELECT type, used, max FROM bank.limit_counter WHERE account_id = $1 ORDER BY type', [account.id])).toEqual([
    { type: 'deposit', used: '1000000', max: '1000000' },
    { type: 'withdrawal', used: '500000', max: '500000' },
    { type: 'transfer', used: '500000', max: '500000' },
  ]);
});
