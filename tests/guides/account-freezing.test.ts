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

test('D9 a freeze names one of four grounds', async () => {
  const grounds = ['suspicious pattern', 'unauthorised access', 'compliance', 'court order'];
  const accounts = await several(grounds.length, () => anAccount(`status = 'active'`));
  await using console = await bank.screen('accounts');
  await goTo(console, `accounts number=${accounts[0]?.number}`);
  await console.sees('1 of 1');
  await console.press('x', 'f');
  await console.sees(...grounds);
  await console.fill({ ground: grounds[0] ?? '', note: 'reported by the monitoring' });
  await console.confirm();
  await console.sees('[ok] froze');

  for (const [index, ground] of grounds.entries()) {
    const number = accounts[index]?.number ?? '';
    if (index > 0) await bank.bursar('accounts', 'freeze', number, '--ground', ground, '--note', 'reported by the monitoring', '--yes');
    expect(await bank.rows('SELECT ground FROM ops.hold WHERE account_id = $1 AND released_at IS NULL', [accounts[index]?.id])).toEqual([
      { ground },
    ]);
  }
  const { number } = await anAccount(`status = 'active'`);
  const refused = await bank.tries('accounts', 'freeze', number, '--ground', 'bad mood', '--note', 'reported by the monitoring', '--yes');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Ground') as string });
  expect(await statusOf(number)).toBe('active');
});

test('D10 a freeze has a detailed reason, a review date and a notice; it blocks all movements but not looking', async () => {
  const [account, other] = [
    await anAccount(`status = 'active' AND balance > 10000`),
    await anAccount(`status = 'active' AND balance > 10000`),
  ];
  const note = 'order 4711 of the district court';
  await using console = await bank.screen('accounts');
  await goTo(console, `accounts number=${account.number}`);
  await console.sees('1 of 1');
  await console.press('x', 'f');
  await console.fillIn({ ground: 'court order', note: 'too short' });
  await console.fill({ note, reviewOn: 'in 10 days', notify: 'yes' });
  await console.sees('stops deposits, withdrawals and transfers', 'the customer is told');
  await console.confirm();
  await console.sees('[ok] froze', 'frozen');

  expect(
    await bank.rows(
      `SELECT note, notify, review_on - bank.business_day() AS days FROM ops.hold WHERE account_id = $1 AND released_at IS NULL`,
      [account.id],
    ),
  ).toEqual([{ note, notify: true, days: 10 }]);
  const told = `SELECT template, channel, status FROM ops.notice WHERE about_entity = 'account' AND about_id = $1 AND created_at > now() - interval '1 hour'`;
  expect(await bank.rows(told, [account.id])).toEqual([{ template: 'account-frozen', channel: 'email', status: 'kept' }]);
  const { number } = account;
  expect(await bank.post({ type: 'deposit', to: number, amount: 100 })).toBe(`account ${number} is frozen`);
  expect(await bank.post({ type: 'withdrawal', from: number, amount: 100 })).toBe(`account ${number} is frozen`);
  expect(await bank.post({ type: 'transfer', from: number, to: other.number, amount: 100 })).toBe(`account ${number} is frozen`);
  expect(await bank.post({ type: 'transfer', from: other.number, to: number, amount: 100 })).toBe(`account ${number} is frozen`);
  const shown = await bank.bursar('accounts', 'show', number);
  expect(shown).toMatch(/Status +frozen/);
  expect(shown).toContain(`account ${number} is frozen`);

  await bank.bursar('accounts', 'freeze', other.number, '--ground', 'compliance', '--note', note, '--review-on', 'in 7 days', '--yes');
  expect(await statusOf(other.number)).toBe('frozen');
  expect(await bank.rows(told, [other.id])).toEqual([]);
});

test('D11 an unfreeze says what was found and that the cause is resolved, is documented and told', async () => {
  // about some of them the demo asks already
  const unasked = `status = 'frozen' AND NOT EXISTS (SELECT FROM ops.approval p WHERE p.entity = 'account' AND p.entity_id = a.id::text)`;
  const [byScreen, byCommand] = [await anAccount(unasked), await anAccount(unasked)];
  const findings = 'the court withdrew its order, copy in the file';
  await using console = await bank.screen('accounts');
  await goTo(console, `accounts number=${byScreen.number}`);
  await console.sees('1 of 1', 'frozen');
  await console.press('x', 'u');
  await console.fill({ findings, resolved: 'yes', notify: 'yes' });
  await console.sees('takes deposits, withdrawals and transfers again', 'Freezes so far');
  await console.confirm();
  await approveOnScreen(bank, console, 'unfroze');
  await console.sees('active');

  const flags = ['--findings', findings, '--notify', '--yes'];
  const unresolved = await bank.tries('accounts', 'unfreeze', byCommand.number, ...flags);
  expect(unresolved).toMatchObject({ code: 2, stderr: expect.stringContaining('Cause resolved') as string });
  expect(await statusOf(byCommand.number)).toBe('frozen');
  await askAndApprove(bank, 'accounts', 'unfreeze', byCommand.number, ...flags, '--resolved');
  for (const { number, id } of [byScreen, byCommand]) {
    expect(await statusOf(number)).toBe('active');
    expect((await bank.trail('account', id)).at(-1)).toMatchObject({
      action: 'accounts.unfreeze',
      operator: 'mona',
      note: findings,
      new: { status: 'active', findings, notify: true },
    });
    expect(await bank.value('SELECT findings FROM ops.hold WHERE account_id = $1 ORDER BY id DESC LIMIT 1', [id])).toBe(findings);
    expect(await bank.post({ type: 'deposit', to: number, amount: 100 })).toBeNull();
  }
});
