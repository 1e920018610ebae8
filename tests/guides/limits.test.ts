import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, approveOnScreen, askAndApprove, goTo, type GuideBank } from '../support/guide-bank.ts';
import { unusedAccounts } from '../support/unused-accounts.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const take = unusedAccounts();
const anAccount = (condition: string) => take(bank, condition);

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

const untouched = `status = 'active' AND balance BETWEEN 1000000 AND 100000000 AND NOT EXISTS (SELECT FROM bank.limit_counter c WHERE c.account_id = a.id)
  AND NOT EXISTS (SELECT FROM bank.limit_override o WHERE o.account_id = a.id)`;
const overrideOf = (id: string) =>
  bank.rows(
    `SELECT o.type::text, o.single::int, o.daily::int, s.name AS set_by, round(extract(epoch FROM o.expires_at - o.created_at) / 86400)::int AS days, o.ended_at IS NOT NULL AS ended
       FROM bank.limit_override o LEFT JOIN ops.operator s ON s.id = o.set_by WHERE o.account_id = $1 ORDER BY o.id`,
    [id],
  );

test('D20 a limit is overridden by two people for some days, on screen: who is near shows as a bar, the refused postings beside it', async () => {
  const account = await anAccount(untouched);
  const { number } = account;
  for (let index = 0; index < 4; index++) expect(await bank.post({ type: 'withdrawal', from: number, amount: 110_000 })).toBeNull();
  expect(await bank.post({ type: 'withdrawal', from: number, amount: 70_000 })).toBe('Daily limit exceeded (withdrawal)');

  await using console = await bank.screen('limits', [160, 60]);
  await console.sees('Limits', 'NEAREST LIMIT', `${number}  `, '[#########.]  88 % withdrawal');
  await goTo(console, `limits number=${number}`);
  await console.sees('1 of 1', '4,400.00 of 5,000.00, 600.00 left', 'withdrawal EUR 700.00: Daily limit exceeded');
  await console.press('x', 'l');
  await console.fillIn({ type: 'withdrawal', single: '6,000', daily: '5000', days: '30' });
  await console.fill({ note: 'pays a builder in cash, offer seen' });
  await console.sees('no less than what may be posted at once');
  await console.fill({ daily: '12,000.00' });
  await console.sees('may pay out EUR 6,000.00 at once and EUR 12,000.00 a day', 'instead of EUR 2,000.00 and EUR 5,000.00, for 30 days');
  await console.confirm();
  await approveOnScreen(bank, console, `overrode the withdrawal limit of ${number} for 30 days`);
  await console.sees(/4,400\.00 of 12,000\.00,[\s|]+7,600\.00[\s|]+left/, '36 %', /withdrawal \d\d-\d\d/);
  expect(await overrideOf(account.id)).toEqual([
    { type: 'withdrawal', single: 600_000, daily: 1_200_000, set_by: 'demo', days: 30, ended: false },
  ]);
  expect(await bank.post({ type: 'withdrawal', from: number, amount: 550_000 })).toBeNull();
  expect(await bank.post({ type: 'withdrawal', from: number, amount: 600_001 })).toBe('Single limit exceeded (withdrawal)');
  expect((await bank.trail('account', account.id)).at(-1)).toMatchObject({
    action: 'accounts.override-limit',
    operator: 'mona',
    old: { type: 'withdrawal', single: '200000', daily: '500000' },
    new: { type: 'withdrawal', single: '600000', daily: '1200000' },
  });

  await console.press('x', 'e');
  await console.fill({ note: 'the builder was paid, no longer needed' });
  await console.sees('is EUR 2,000.00 at once and EUR 5,000.00 a day again');
  await console.confirm();
  await console.sees(`[ok] ended the override of the withdrawal limit of ${number}`, '0.00 left', /ended \d\d-\d\d/);
  expect(await bank.post({ type: 'withdrawal', from: number, amount: 1 })).toBe('Daily limit exceeded (withdrawal)');
});

test('D20 the same by command: at most 90 days, ended by itself or early, and by two where that lets more through', async () => {
  const account = await anAccount(untouched);
  const override = (single: string, daily: string, days: string) => [
    'accounts', 'override-limit', account.number, '--type', 'transfer', '--single', single, '--daily', daily, '--days', days, '--note', 'asked for by the customer', '--yes',
  ]; // prettier-ignore
  for (const [wish, why] of [
    [override('100', '100', '91'), 'at most 90'],
    [override('100', '1.234', '9'), 'smallest unit'],
    [override('0', '100', '9'), 'above zero'],
  ] as const) expect(await bank.tries(...wish)).toMatchObject({ code: 2, stderr: expect.stringContaining(why) as string }); // prettier-ignore
  await askAndApprove(bank, ...override('15,000', '30,000.00', '90'));
  expect(await bank.bursar('limits', 'show', account.number)).toMatch(/transfer +\[\.{10}\] +0 % +0\.00 of 30,000\.00.*overridden until/);
  await askAndApprove(bank, ...override('10', '20', '5'));
  expect(await overrideOf(account.id)).toMatchObject([{ days: 90 }, { single: 1_000, daily: 2_000, days: 5, set_by: 'demo' }]);
  expect(await bank.post({ type: 'transfer', from: account.number, to: (await anAccount(`status = 'active'`)).number, amount: 1_001 })).toBe(
    'Single limit exceeded (transfer)',
  );
  const end = ['accounts', 'end-override', account.number, '--type', 'transfer', '--note', 'no longer asked for', '--yes'];
  // the second one let less through than the first, which counts again
  await askAndApprove(bank, ...end);
  await bank.bursar(...end);
  expect(await bank.tries(...end)).toMatchObject({ code: 3, stderr: expect.stringContaining('no override') as string });
  expect(await overrideOf(account.id)).toMatchObject([{ ended: true }, { ended: true }]);
  const listed = JSON.parse(await bank.bursar('limits', 'list', 'overridden=yes', '--limit', '1000', '--json')) as { rows: unknown[] };
  expect(listed.rows.length).toBe(
    Number(await bank.value('SELECT count(DISTINCT account_id) FROM bank.limit_override WHERE ended_at IS NULL AND (expires_at IS NULL OR expires_at > now())')),
  );
}); // prettier-ignore
