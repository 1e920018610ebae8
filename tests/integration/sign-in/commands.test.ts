import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openNotice, readSecretKey } from '../../../src/database/secret-key.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase } from '../../support/database.ts';
import { aStaffedBank, recoveryCodeOf, staffPassword, type StaffedBank } from '../../support/staff.ts';
import { atTerminal, enrolling, seedIn, type Person } from '../../support/terminal-command.ts';

// every command derives passwords with 64 MiB, as it does for people
vi.setConfig({ testTimeout: 120_000 });

let bank: StaffedBank;
beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], mona: ['manager'], vera: ['viewer'] });
});
afterAll(() => bank[Symbol.asyncDispose]());
let home: string;
beforeEach(() => {
  home = aCommandHome();
});

const key = (): NodeJS.ProcessEnv => ({ BURSAR_SECRET_KEY_FILE: path.join(bank.home, 'keys', 'secret.key') });
const terminal = (person: Person, environment: NodeJS.ProcessEnv = {}) =>
  atTerminal({ url: bank.url, home, environment: { ...key(), ...environment }, person });
const filesOf = async (folder: string) => (await readdir(path.join(folder, 'login'))).map(file => path.join(folder, 'login', file));

test('login asks for password and code, hidden, and leaves a key that only this account reads, for an hour', async () => {
  const code = await bank.codeOf('vera');
  const bursar = terminal(question => (question.includes('Password') ? staffPassword : code));
  const answer = await bursar('login', 'vera');
  expect(answer).toMatchObject({ code: 0, asked: ['Password: ', 'One-time code: '], stderr: '' });
  expect(answer.stdout).toMatch(/^signed in as vera until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; "bursar logout" ends it\n$/);
  const [file = ''] = await filesOf(home);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  const login = JSON.parse(await readFile(file, 'utf8')) as { name: string; token: string; expiresAt: string };
  const left = (Date.parse(login.expiresAt) - Date.now()) / 60_000;
  expect(left).toBeGreaterThan(58);
  expect(left).toBeLessThanOrEqual(60);
  expect(JSON.stringify(answer)).not.toContain(login.token);
  const known = await bursar('whoami', '--json');
  expect(JSON.parse(known.stdout)).toMatchObject({ ok: true, name: 'vera', roles: ['viewer'] });
  expect((await bursar('whoami')).stdout).toContain('vera (Vera), signed in until');
  expect(await bursar('accounts', 'list')).toMatchObject({ code: 0 });

  expect(await bursar('logout')).toMatchObject({ code: 0, stdout: 'signed out vera\n' });
  expect(await bank.rows(`SELECT revoked_at IS NOT NULL AS ended FROM ops.operator_session WHERE kind = 'token'`)).toEqual([
    { ended: true },
  ]);
  expect(await bursar('whoami')).toMatchObject({ code: 3, stderr: 'bursar: nobody is signed in; sign in with "bursar login NAME"\n' });
  expect(await bursar('accounts', 'list')).toMatchObject({
    code: 3,
    stderr: 'bursar: nobody is signed in; sign in with "bursar login NAME"\n',
  });
  expect(await bursar('logout')).toMatchObject({ code: 0, stdout: 'nobody was signed in\n' });
});

test('signing in again ends the earlier key; one that was ended elsewhere says so', async () => {
  const login = async () => terminal(() => '', { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: await bank.codeOf('vera') })('login', 'vera');
  expect(await login()).toMatchObject({ code: 0, asked: [] });
  expect(await login()).toMatchObject({ code: 0 });
  expect(await bank.value(`SELECT count(*)::int FROM ops.operator_session WHERE kind = 'token' AND revoked_at IS NULL`)).toBe(1);
  const ada = await bank.member('ada');
  expect(await ada.run('operators.end-sessions', { id: String(await bank.idOf('vera')), note: 'a test of signing in' })).toMatchObject({
    ok: true,
  });
  expect(await terminal(() => '')('whoami')).toMatchObject({
    code: 3,
    stderr: 'bursar: the session has ended; sign in with "bursar login NAME"\n',
  });
});

test('a key that others can read is not used', async () => {
  const bursar = terminal(() => '', { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: await bank.codeOf('vera') });
  await bursar('login', 'vera');
  const [file = ''] = await filesOf(home);
  await chmod(file, 0o644);
  const answer = await bursar('whoami');
  expect(answer.code).not.toBe(0);
  expect(answer.stderr).toContain('can be read by others: run "bursar logout", and "bursar login" again');
  expect(await bursar('logout')).toMatchObject({ code: 0 });
});

test('a wrong password, a used code and a missing one are refused with what to do; nothing is left behind', async () => {
  const code = await bank.codeOf('mona');
  const wrong = await terminal(() => '', { BURSAR_PASSWORD: 'something else entirely', BURSAR_CODE: code })('login', 'mona');
  expect(wrong).toMatchObject({
    code: 3,
    stderr: 'bursar: name, password or code is wrong; try again; five failures lock for 30 minutes\n',
  });
  expect(await terminal(() => '', { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: code })('login', 'mona')).toMatchObject({ code: 0 });
  expect(await terminal(() => '', { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: code })('login', 'mona')).toMatchObject({ code: 3 });
  const recovery = { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: recoveryCodeOf('mona', 1) };
  expect(await terminal(() => '', recovery)('login', 'mona')).toMatchObject({ code: 0 });
  const alone = atTerminal({ url: bank.url, home: aCommandHome(), environment: key() });
  expect(await alone('login', 'mona')).toMatchObject({
    code: 2,
    stderr: 'bursar: password is missing; set BURSAR_PASSWORD, or run the command at a terminal and be asked\n',
  });
  expect(await alone('login')).toMatchObject({ code: 2, stderr: 'bursar: login takes your operator name; write bursar login NAME\n' });
});

test('password changes one’s own: the old one first, what is guessed early is refused, other sessions end', async () => {
  const login = terminal(() => '', { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: await bank.codeOf('vera') });
  await login('login', 'vera');
  const elsewhere = await bank.member('vera');
  const chosen = 'forty green teapots whistle';
  const typed = ['qwertyuiopasdfgh', 'vera vera vera vera', chosen, chosen];
  const bursar = terminal(question => (question.includes('until now') ? staffPassword : (typed.shift() ?? '')));
  const answer = await bursar('password');
  expect(answer).toMatchObject({ code: 0, stdout: 'the password of vera is changed; every other session of theirs has ended\n' });
  expect(answer.stderr).toMatch(/the password .*guessed[\s\S]*the password holds a name/);
  expect(await elsewhere.session.presence?.pulse(true)).toMatchObject({ state: 'ended' });
  expect((await bursar('whoami')).code).toBe(0);
  expect(await bank.signIn('vera')).toMatchObject({ ok: false });
  expect(await bank.signIn('vera', { password: chosen })).toMatchObject({ ok: true });
  const wrong = terminal(question => (question.includes('until now') ? 'not the one until now' : chosen));
  expect(await wrong('password')).toMatchObject({ code: 3, stderr: expect.stringContaining('the password is wrong') as string });
});

test('whoever was reset enrols with the code of the mail alone, once, with a picture that holds the seed', async () => {
  const adaCommand = terminal(() => '', { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: await bank.codeOf('ada') });
  await adaCommand('login', 'ada');
  expect(
    await adaCommand(
      'operators',
      'reset',
      'vera',
      '--note',
      'lost the telephone today',
      '--reason',
      'a test',
      '--yes',
      '--confirm',
      'vera',
    ),
  ).toMatchObject({ code: 4 });
  const number = String(await bank.value('SELECT max(number) FROM ops.approval'));
  home = aCommandHome();
  const monaCommand = terminal(() => bank.codeOf('mona'), { BURSAR_PASSWORD: staffPassword });
  await monaCommand('login', 'mona');
  expect(await monaCommand('inbox', 'approve', number, '--note', 'she stands before me', '--reason', 'a test', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('reset vera') as string,
  });
  const sealed = String(await bank.value(`SELECT sealed FROM ops.notice WHERE template = 'enrolment' ORDER BY number DESC LIMIT 1`));
  const code = openNotice(await readSecretKey(bank.home), sealed);

  const chosen = 'seven quiet harbours dream';
  const bursar = terminal(enrolling(chosen, { 'Code to enrol': code }));
  const answer = await bursar('enrol', 'vera');
  expect(answer).toMatchObject({ code: 0, stdout: 'vera is enrolled: sign in with "bursar login vera", or start bursar\n' });
  expect(answer.stderr).toContain('█');
  bank.learn('vera', seedIn(answer.stderr));
  expect(await bank.signIn('vera', { password: chosen })).toMatchObject({ ok: true });
  const recovery = /^ {2}([0-9a-z]{4}(-[0-9a-z]{4}){3})$/m.exec(answer.stderr)?.[1] ?? '';
  expect(await bank.signIn('vera', { password: chosen, code: recovery })).toMatchObject({ ok: true });
  expect(await terminal(enrolling(chosen, { 'Code to enrol': code }))('enrol', 'vera')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(
      'the name or the enrolment code is wrong, or the code has expired; ask an administrator to reset you',
    ) as string,
  });
});

test('a person whose app shows other codes is not enrolled, and the code to enrol with stays good', async () => {
  const [ada, mona] = [await bank.member('ada'), await bank.member('mona')];
  expect(await bank.both(ada, mona, 'operators.reset', { id: String(await bank.idOf('bert')), note: 'a test of enrolment' })).toMatchObject(
    { ok: true },
  );
  const code = String(await bank.value(`SELECT sealed FROM ops.notice WHERE template = 'enrolment' ORDER BY number DESC LIMIT 1`)).replace(
    'sealed:',
    '',
  );
  const chosen = 'seven quiet harbours dream';
  const confused = terminal(enrolling(chosen, { 'Code to enrol': code, 'code that the app': '123456' }));
  const answer = await confused('enrol', 'bert');
  expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining('no code fitted in 3 tries; check the clock') as string });
  expect(await terminal(enrolling(chosen, { 'Code to enrol': code }))('enrol', 'bert')).toMatchObject({ code: 0 });
});

test('in a demo whoami says whose role --as takes, and login has nothing to ask', async () => {
  await using demo = await aDatabase('demo');
  const bursar = atTerminal({ url: demo.url, home, person: () => '' });
  expect((await bursar('whoami')).stdout).toMatch(/^demo \(Demo operator\), in a demo\nroles: admin/);
  expect((await bursar('--as', 'manager', 'whoami')).stdout).toMatch(/^mona \(Mona Lindqvist\), in a demo\nroles: manager\n/);
  expect(await bursar('--as', 'emperor', 'whoami')).toMatchObject({
    code: 3,
    stderr: 'bursar: no demo operator is emperor; see them with bursar operators list\n',
  });
  expect(await bursar('login', 'demo')).toMatchObject({
    code: 3,
    asked: [],
    stderr: expect.stringContaining('a demo signs its operators in by name') as string,
  });
  expect(await bursar('operators', 'found', 'eve')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('a demo has its operators already') as string,
  });
});
