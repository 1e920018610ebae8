import { expect, test, vi } from 'vitest';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { aStaffedBank, recoveryCodeOf, staffPassword } from '../support/staff.ts';
import { report } from '../support/reliability.ts';
import { atTheGate, feelPulse } from './consoles.ts';

// A machine that others use as well takes its time to make a bank and to check a password
vi.setConfig({ testTimeout: 90_000 });

test(
  'somebody signs in with name, password and code; wrong ones are refused without saying which, and keep the name',
  { timeout: 90_000 },
  async () => {
    await using bank = await aStaffedBank({ lena: ['operations'] });
    await using console = await atTheGate(bank);
    await console.sees('Sign in to', 'a bank in production', 'What you do there is recorded');
    await console.type('lena');
    await console.press('enter');
    await console.type('wrong password');
    await console.press('enter');
    await console.type('000000');
    await console.press('enter');
    await console.sees('! name, password or code is wrong', 'try again; five failures lock for 30 minutes');
    expect(console.state.mode.kind === 'sign-in' && console.state.mode.sheet.typed).toEqual({ name: 'lena' });
    await console.sees('Name           lena', '> Password');

    await console.type(staffPassword);
    await console.press('enter');
    await console.type(await bank.codeOf('lena'));
    expect(console.frame()).not.toContain('otters');
    await console.press('enter');
    await console.sees('Overview', 'lena operations', 'READ-ONLY (W)');
  },
);

test('a recovery code opens as well, written as it is printed, once', async () => {
  await using bank = await aStaffedBank({ lena: ['operations'] });
  const signIn = async (): Promise<string> => {
    await using console = await atTheGate(bank);
    await console.type('lena');
    await console.press('tab');
    await console.type(staffPassword);
    await console.press('tab');
    await console.type(recoveryCodeOf('lena', 1));
    await console.press('enter');
    await console.until(() => console.state.mode.kind !== 'sign-in' || console.state.mode.refusal !== undefined, 'an answer');
    return console.state.mode.kind;
  };
  expect([await signIn(), await signIn()]).toEqual(['browse', 'sign-in']);
});

test('while a password is checked no key waits, and ^C asks whether to leave', async () => {
  await using bank = await aStaffedBank({ lena: ['operations'] });
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  await using console = await atTheGate(bank, gate => ({
    ...gate,
    signIn: async (...given) => {
      await held;
      return gate.signIn(...given);
    },
  }));
  await console.type('lena');
  await console.press('tab');
  await console.type(staffPassword);
  await console.press('tab');
  await console.type(await bank.codeOf('lena'));
  await console.press('enter');
  await console.sees('checking ...');
  const begun = performance.now();
  await console.press('^c');
  await console.sees('Leave Bursar?');
  report('a key while a password is checked', { ms: Math.round(performance.now() - begun) });
  await console.press('esc');
  await console.sees('checking ...');
  await console.resize(60, 15);
  await console.sees('checking ...');
  letGo();
  await console.sees('lena');
  await console.until(() => console.state.mode.kind === 'browse', 'the list');
  expect(console.state.session?.operator.name).toBe('lena');
});

test('failures from one address make the next wait longer, and the screen says for how long', async () => {
  await using bank = await aStaffedBank({ lena: ['operations'] });
  await using console = await atTheGate(bank);
  const fail = (times: number) =>
    bank.rows('INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded) SELECT NULL, NULL, false FROM generate_series(1, $1::int)', [
      times,
    ]);
  const waitTold = async (): Promise<number> => {
    await console.type(staffPassword);
    await console.press('tab');
    await console.type('000000');
    await console.press('enter');
    // the refusal of before is on screen until the next answer
    await console.until(() => console.state.mode.kind === 'sign-in' && !console.state.mode.sheet.waiting, 'an answer');
    await console.sees('too many failures from this address', /try again in \d+ s/);
    return Number(/try again in (\d+) s/.exec(console.frame())?.[1]);
  };
  await console.type('lena');
  await console.press('tab');
  await fail(9);
  const first = await waitTold();
  await fail(2);
  const second = await waitTold();
  report('wait after 9 and after 11 failures', { first, second });
  expect([first > 10, second > 2 * first]).toEqual([true, true]);
  expect(console.state.session).toBeUndefined();
});

test('after the session ended the same operator finds the draft again, and another finds nothing', async () => {
  await using bank = await aStaffedBank({ lena: ['support'], bo: ['support'] });
  await using console = await atTheGate(bank);
  const signIn = async (name: string): Promise<void> => {
    await console.sees('Password');
    if (console.state.mode.kind === 'sign-in' && console.state.mode.sheet.focus === 1) await console.press('shift+tab');
    await console.press('^u');
    await console.type(name);
    await console.press('tab');
    await console.type(staffPassword);
    await console.press('tab');
    await console.type(await bank.codeOf(name));
    await console.press('enter');
    await console.until(() => console.state.session?.operator.name === name && console.state.mode.kind !== 'sign-in', name);
    await feelPulse(console);
  };
  const end = async (): Promise<void> => {
    await bank.rows('UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL');
    await console.sees('YOUR SESSION HAS ENDED', 'Enter signs in again');
    await console.press('enter');
  };
  await signIn('lena');
  await console.command('users');
  await console.press('x', 'n');
  await console.sees('Open a write window');
  await console.press('esc');
  await console.fillIn({ username: 'half.typed' });
  await end();
  await signIn('lena');
  await console.sees('half.typed', 'Create user');
  await end();
  await signIn('bo');
  await console.seesNo('half.typed');
  expect(console.state.mode.kind).toBe('browse');
});

test('no password and no code is in a dump, in the last events, or in history', async () => {
  await using bank = await aStaffedBank({ lena: ['operations'] });
  await using console = await atTheGate(bank);
  await console.type('lena');
  await console.press('tab');
  await console.type(staffPassword);
  await console.press('tab');
  const code = await bank.codeOf('lena');
  await console.type(code);
  await console.press('enter');
  await console.until(() => console.state.mode.kind === 'browse', 'the list');
  await console.command('dump');
  await console.sees('wrote');
  const folder = path.join(console.home, 'dumps');
  const [file = ''] = await readdir(folder);
  const dump = await readFile(path.join(folder, file), 'utf8');
  expect(dump).toContain('sign-in-answered');
  expect(dump).not.toContain(staffPassword);
  expect(dump).not.toContain(code);
  expect(JSON.stringify([console.state.commands, console.state.filters])).not.toContain('otters');
});
