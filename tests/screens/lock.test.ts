import { afterEach, expect, test, vi } from 'vitest';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';
import { report } from '../support/reliability.ts';
import { aStaffedBank, staffPassword } from '../support/staff.ts';
import { aDemoBank, feelPulse, pulsesUntil, soon } from './consoles.ts';

// A machine that others use as well takes its time to make a bank and to check a password
vi.setConfig({ testTimeout: 90_000 });

afterEach(() => {
  vi.useRealTimers();
});

const words = ['4471', 'Ada Byron', 'EUR', 'order 4711'];
const blank = (console: TestConsole): void => {
  for (const word of words) expect(console.frame()).not.toContain(word);
};
const isLocked = async (console: TestConsole): Promise<unknown> =>
  (await console.bank.rows('SELECT bool_or(locked_at IS NOT NULL) AS locked FROM ops.operator_session WHERE revoked_at IS NULL'))[0]?.[
    'locked'
  ];

const note = 'order 4711 of the district court';
const drafted = async (console: TestConsole): Promise<void> => {
  await feelPulse(console);
  await console.press('x', 'f');
  await console.fillIn({ ground: 'court order', note });
  await console.sees(note);
};

test('^Z hides everything at once and locks the session; the password brings the draft back', async () => {
  await using bank = await aStaffedBank({ lena: ['admin', 'support'] });
  const lena = await bank.member('lena');
  await using console = await openConsole({ database: 'empty', around: () => lena.session });
  await feelPulse(console);
  await console.command('users');
  await console.press('x', 'n');
  await console.fillIn({ username: 'order 4711' });
  await console.press('^z');
  await console.sees('LOCKED since', "lena's console", 'it was left for the shell', 'Password');
  blank(console);
  await console.until(() => console.state.mode.kind === 'lock' && console.state.mode.lock.isKept, 'the database to lock');
  expect(await bank.value('SELECT locked_at IS NOT NULL FROM ops.operator_session WHERE revoked_at IS NULL')).toBe(true);

  await console.type('otters');
  await console.sees('> Password  ******');
  await console.press('enter');
  await console.sees('! the password is wrong', 'try again; five failures lock for 30 minutes');
  blank(console);
  await console.press('enter');
  await console.sees('is missing');
  await console.type(staffPassword);
  expect(console.frame()).not.toContain('otters');
  await console.press('enter');
  await console.sees('order 4711', 'Create user');
  expect(await bank.value('SELECT locked_at FROM ops.operator_session WHERE revoked_at IS NULL')).toBeNull();
});

test(':lock hides the list; in a demo Enter unlocks, and ^C asks before it leaves', async () => {
  await using bank = await aDemoBank();
  await using console = await bank.console('operations', { pane: 'accounts' });
  await feelPulse(console);
  await console.sees('EUR');
  await console.command('lock');
  await console.sees('LOCKED since', 'it was locked by hand', 'a demo asks for no password');
  blank(console);
  await console.press('j', 'x', 'W', 'esc', '^l');
  blank(console);
  await console.press('^c');
  await console.sees('Leave Bursar?', 'Esc stays');
  blank(console);
  await console.press('esc');
  await console.sees('LOCKED since');
  await console.resize(60, 15);
  await console.sees('LOCKED since', 'Unlock');
  blank(console);
  await console.resize(80, 24);
  await console.press('enter');
  await console.sees('EUR', 'live');
  expect(console.left).toBeUndefined();
});

test('fifteen minutes without a key lock the screen by its own clock; a draft survives', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  await using console = await openConsole({ accounts: [anAccount()] });
  await drafted(console);
  vi.setSystemTime(Date.now() + 14 * 60_000);
  await console.press('tab');
  vi.setSystemTime(Date.now() + 14 * 60_000);
  await console.until(() => console.state.now === Date.now(), 'a tick');
  expect(console.state.mode.kind).toBe('form');
  vi.setSystemTime(Date.now() + 61_000);
  await console.sees('LOCKED since', 'nobody pressed a key for 15 minutes');
  blank(console);
  await console.until(() => console.state.mode.kind === 'lock' && console.state.mode.lock.isKept, 'the database to lock');
  expect(await isLocked(console)).toBe(true);
});

test('the database that counts by itself locks the screen within a second', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await drafted(console);
  await console.bank.rows(`UPDATE ops.operator_session SET last_seen_at = clock_timestamp() - interval '16 minutes'`);
  const begun = performance.now();
  const pulses = await pulsesUntil(console, () => console.sees('LOCKED since'));
  report('locked by the database, blank after', { ms: Math.round(performance.now() - begun), pulses });
  expect(pulses).toBeLessThanOrEqual(soon);
  blank(console);
});

test('a bulk goes on behind the lock, which shows how far it is and nothing of what it is about', async () => {
  const pending = Array.from({ length: 12 }, () => anAccount({ status: 'active' }));
  await using console = await openConsole({ accounts: pending, size: [100, 40] });
  await feelPulse(console);
  await console.press('*');
  await console.sees('12 marked');
  await console.press('x', 'f');
  await console.fill({ ground: 'court order', note });
  await console.confirm();
  await console.proceed(true);
  await console.press('^z');
  await console.sees('LOCKED since');
  blank(console);
  const done = async (): Promise<unknown> =>
    (await console.bank.rows(`SELECT count(*)::int AS count FROM bank.account WHERE status = 'frozen'`))[0]?.['count'];
  await vi.waitUntil(async () => (await done()) === 12, { timeout: 60_000 });
  blank(console);
  expect(console.state.mode.kind).toBe('lock');
});

test('a session revoked in the middle of a form is refused, and told within a second of the next pulse', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await drafted(console);
  await console.bank.rows('UPDATE ops.operator_session SET revoked_at = clock_timestamp()');
  const begun = performance.now();
  const pulses = await pulsesUntil(console, () => console.sees('YOUR SESSION HAS ENDED', 'This session was ended', 'Enter leaves'));
  report('revoked in mid-form, told after', { ms: Math.round(performance.now() - begun), pulses });
  expect(pulses).toBeLessThanOrEqual(soon);
  blank(console);
  expect(await console.bank.rows(`SELECT DISTINCT status::text FROM bank.account`)).toEqual([{ status: 'active' }]);
  await console.resize(60, 15);
  await console.sees('YOUR SESSION HAS ENDED');
  await console.press('x', 'j', ':');
  await console.sees('YOUR SESSION HAS ENDED');
  await console.press('enter');
  expect(console.left).toBe(0);
});

test('what is confirmed under a session that was revoked does not happen', async () => {
  await using console = await openConsole({ accounts: [anAccount()] });
  await feelPulse(console);
  await console.press('x', 'f');
  await console.fill({ ground: 'court order', note });
  await console.until(() => console.state.mode.kind === 'confirm', 'the preview');
  await console.press('tab');
  await console.until(() => console.state.mode.kind === 'confirm' && console.state.now >= console.state.mode.confirm.armedAt, 'the button');
  await console.bank.rows('UPDATE ops.operator_session SET revoked_at = clock_timestamp()');
  await console.press('enter');
  await console.sees('YOUR SESSION HAS ENDED');
  expect(await console.bank.rows(`SELECT DISTINCT status::text FROM bank.account`)).toEqual([{ status: 'active' }]);
  expect(await console.bank.rows(`SELECT count(*)::int AS count FROM ops.hold`)).toEqual([{ count: 0 }]);
});
