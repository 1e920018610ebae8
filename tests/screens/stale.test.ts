import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';

/** Money arrives while an operator looks at the preview. */
const deposit = async (console: TestConsole, amount: number): Promise<void> => {
  await console.bank.rows(
    `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, (SELECT id FROM bank.account WHERE number = $1), $2, 'EUR', 'branch')`,
    [console.bank.numbers[0], amount],
  );
};

/** Somebody else acts on the account. */
const elsewhere = async (console: TestConsole, id: string, typed: Readonly<Record<string, string>>): Promise<void> => {
  const action = console.state.registry.actions.find(candidate => candidate.id === id);
  const [account] = await console.bank.rows('SELECT id::text FROM bank.account');
  if (!action) throw new Error(`no action ${id}`);
  const done = await console.bank.session.run(action, { id: String(account?.['id']), ...typed }, { request: randomUUID() });
  expect(done).toMatchObject({ ok: true });
};
const freeze = { ground: 'compliance', note: 'another window was quicker' };

const statusOf = async (console: TestConsole): Promise<unknown> =>
  (await console.bank.rows('SELECT status::text FROM bank.account WHERE number = $1', [console.bank.numbers[0]]))[0]?.['status'];

const askToFreeze = async (console: TestConsole): Promise<void> => {
  await console.press('x', 'f');
  await console.fill({ ground: 'court order', note: 'order 4711 of the district court' });
  await console.sees('stops deposits, withdrawals and transfers');
};

test('a change that was looked at before the account changed is refused, shown again as it is now, and then done', async () => {
  await using console = await openConsole({ accounts: [anAccount({ balance: 100_00 })] });
  await console.sees('EUR 100.00');
  await askToFreeze(console);
  await console.sees('EUR 100.00 stays on the account');
  await elsewhere(console, 'accounts.freeze', freeze);
  await elsewhere(console, 'accounts.retract-freeze', { findings: 'the cause is gone' });
  await deposit(console, 23_45);
  await console.confirm();
  await console.sees('changed since you looked at it; nothing was done', 'EUR 123.45 stays on the account');
  expect(await statusOf(console)).toBe('active');
  expect(console.state.mode.kind).toBe('confirm');

  await console.confirm();
  await console.sees('[ok] froze', 'frozen');
  expect(await statusOf(console)).toBe('frozen');
  expect(await console.bank.rows(`SELECT note FROM ops.hold WHERE released_at IS NULL`)).toEqual([
    { note: 'order 4711 of the district court' },
  ]);
});

test('what somebody else did meanwhile is refused with its reason, and what was typed is kept', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await askToFreeze(console);
  await elsewhere(console, 'accounts.freeze', freeze);
  await console.confirm();
  await console.sees('frozen', 'order 4711 of the district court');
  expect(console.state.mode.kind).toBe('form');
  expect(await console.bank.rows('SELECT note FROM ops.hold')).toEqual([{ note: 'another window was quicker' }]);
});
