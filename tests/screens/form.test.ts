import { afterEach, expect, test, vi } from 'vitest';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';

afterEach(() => {
  vi.useRealTimers();
});

const note = 'order 4711 of the district court';

const nothingHappened = async (console: TestConsole): Promise<void> => {
  expect(await console.audit()).toEqual([]);
  expect(await console.bank.rows('SELECT DISTINCT status::text FROM bank.account')).toEqual([{ status: 'active' }]);
};

test('wrong inputs are told beside their fields, one after the other is corrected, and nothing that was typed is lost', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await console.press('x', 'f');
  await console.fill({ note: 'too short', reviewOn: '2026-02-30' });
  await console.sees('takes at least 10 characters', '2026-02-30', 'correct what is marked with ! first');
  expect(console.frame().match(/! /g)?.length).toBeGreaterThanOrEqual(3);
  await console.fill({ ground: 'court order', note });
  await console.sees(note, '! ');
  await console.seesNo('takes at least 10 characters');
  expect(console.state.mode.kind).toBe('form');
  await console.fill({ reviewOn: 'in 400 days' });
  await console.sees('Review on must lie within the next', note);
  await console.fill({ reviewOn: 'in 7 days' });
  await console.sees('stops deposits, withdrawals and transfers');
  await nothingHappened(console);
});

test('a note of a million characters is refused beside its field, and the console goes on', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await console.press('x', 'f');
  await console.fillIn({ ground: 'court order', note: 'why' });
  await console.paste('why '.repeat(250_000));
  await console.fill({});
  await console.sees('takes at most 2,000 characters');
  expect(console.state.mode.kind).toBe('form');
  await nothingHappened(console);
});

test('letters are never lost: keys that come all at once open the form and fill it', async () => {
  await using console = await openConsole({ accounts: [anAccount({ status: 'pending' })] });
  await console.sees('pending');
  await console.pressAtOnce('x', 'a', ...'passport xjq?/:z and bill'.split(''), 'backspace', 'l', 's');
  await console.sees('passport xjq?/:z and bills');
  expect(console.state.mode.kind).toBe('form');
});

test('pasted text goes into the field, and where nothing takes text it triggers no key', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await console.paste('xfq:quit\r');
  await console.sees('pasted text was ignored');
  expect(console.state.mode.kind).toBe('browse');
  await console.press('x', 'f');
  await console.fillIn({ ground: 'court order', note: 'pasted: ' });
  await console.paste('order\r\n4711\r');
  await console.sees('pasted: order', '4711');
  expect(console.state.mode.kind).toBe('form');
  await console.fill({});
  await console.until(() => console.state.mode.kind === 'confirm', 'the preview');
  await console.press('tab');
  await console.paste('\r\r\ry');
  await console.sees('[ Freeze account ]');
  expect(console.state.mode.kind).toBe('confirm');
  await nothingHappened(console);
});

test('Enter on Cancel and Esc lead back to the form with all that was typed; Esc there gives up', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await console.press('x', 'f');
  for (const way of ['enter', 'esc']) {
    await console.fill({ ground: 'court order', note });
    await console.sees('[ Cancel ]', 'stops deposits');
    await console.press(way);
    await console.sees('court order', note, '[ Preview ]');
  }
  await console.press('esc');
  await console.sees('Freeze account: given up, nothing was changed');
  expect(console.state.mode.kind).toBe('browse');
  await nothingHappened(console);
});

test('the confirm button works 300 ms after it appeared, not a millisecond before', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  await using console = await openConsole({ accounts: [anAccount()] });
  await console.sees('active');
  await console.press('x', 'f');
  await console.fill({ ground: 'court order', note });
  await console.sees('[ Cancel ]', 'stops deposits');
  await console.press('tab', 'enter', 'enter');
  expect(console.state.mode.kind).toBe('confirm');
  vi.setSystemTime(Date.now() + 299);
  await console.press('enter');
  expect(console.state.mode).toMatchObject({ kind: 'confirm', confirm: { waiting: false } });
  await nothingHappened(console);
  vi.setSystemTime(Date.now() + 1);
  await console.press('enter');
  await console.sees('[ok] froze');
});

test('closing asks for the number of the account, and Enter does nothing before it is complete', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  const [number = ''] = console.bank.numbers;
  await console.sees('active');
  await console.press('x', 'c');
  await console.fill({ ground: 'inactivity', note: 'asked for by letter of the customer' });
  await console.sees(`Type ${number} to confirm`, 'closing is final');
  await console.confirm(number.slice(0, 11));
  await console.sees('after the words are typed');
  expect(console.state.mode.kind).toBe('confirm');
  await nothingHappened(console);
  await console.confirm(number.slice(11));
  await console.sees('[--] request 1 waits for somebody with approval.decide', 'i shows the inbox', 'active');
  expect(await console.audit()).toMatchObject([{ action: 'approvals.request', outcome: 'success', reason: 'inactivity' }]);
});
