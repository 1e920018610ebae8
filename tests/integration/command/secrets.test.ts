import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommand, aCommandHome, launchCommand } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await aDatabase('demo');
});
afterAll(() => database.drop());

const secret = 'correct horse battery staple 9';
const person = (username: string) => [
  'users',
  'create',
  '--username',
  username,
  '--email',
  `${username}@example.org`,
  '--first-name',
  'Ada',
  '--last-name',
  'Byron',
  '--note',
  'opened at the branch',
  '--yes',
];

describe('a secret', () => {
  test('is read from the environment and stands nowhere afterwards', async () => {
    const home = aCommandHome();
    const log = path.join(home, 'debug.log');
    const url = new URL(database.url);
    url.password = 'database-password-1';
    const { code, stdout, stderr } = await aCommand({ url: url.href, home, environment: { BURSAR_PASSWORD: secret } })(
      ...person('ada.byron'),
      '--json',
      '--debug-log',
      log,
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const [user] = await query(database.url, 'SELECT password_hash, must_change_password FROM bank."user" WHERE username = \'ada.byron\'');
    expect(user).toEqual({
      password_hash: expect.stringMatching(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/) as string,
      must_change_password: true,
    });
    const rows = await query(
      database.url,
      "SELECT a::text || coalesce(r::text, '') AS all FROM ops.audit a LEFT JOIN ops.action_run r USING (request_id)",
    );
    for (const text of [stdout, stderr, readFileSync(log, 'utf8'), JSON.stringify(rows)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain('database-password-1');
    }
  });

  test('is never taken from an argument', async () => {
    const { code, stdout, stderr } = await aCommand(database)(...person('grace.hopper'), '--password', secret);
    expect(code).toBe(2);
    expect(stderr).toBe(
      'bursar: --password is a secret and everybody can read arguments; set BURSAR_PASSWORD, or leave it out and be asked\n',
    );
    expect(stdout + stderr).not.toContain(secret);
  });

  test('that is too weak is refused without being repeated', async () => {
    const { code, stderr } = await aCommand({ ...database, environment: { BURSAR_PASSWORD: 'grace.hopper-12345' } })(
      ...person('grace.hopper'),
    );
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'bursar: the password contains the username\n' });
  });
});

describe('the debug log', () => {
  test('is private, and holds what was thrown whole', async () => {
    const home = aCommandHome();
    const log = path.join(home, 'debug.log');
    const { code, stderr } = await launchCommand(
      { url: 'postgresql://nobody:very-secret-word@localhost:1/none', home },
      '--debug-log',
      log,
      'accounts',
      'list',
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'bursar: the database does not answer; start it, or correct DATABASE_URL\n' });
    expect(statSync(log).mode & 0o777).toBe(0o600);
    const lines = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { event: string; error?: { stack: string } });
    expect(lines.map(({ event }) => event)).toEqual(['start', 'failed']);
    expect(lines[1]?.error?.stack).toContain('    at ');
    expect(readFileSync(log, 'utf8')).not.toContain('very-secret-word');
  });

  test('that others could read is closed; a link is not followed; a folder that is not there is told', async () => {
    const home = aCommandHome();
    const open = path.join(home, 'open.log');
    writeFileSync(open, '', { mode: 0o644 });
    expect((await aCommand({ ...database, home })('help', '--debug-log', open)).code).toBe(0);
    expect(statSync(open).mode & 0o777).toBe(0o600);
    symlinkSync(open, path.join(home, 'link.log'));
    for (const file of ['link.log', 'none/there.log']) {
      const { code, stderr } = await aCommand({ ...database, home })('help', '--debug-log', path.join(home, file));
      expect(code).toBe(2);
      expect(stderr).toMatch(/^bursar: --debug-log .* cannot be written \(E[A-Z]+: .*\): name a file in a folder of yours\n$/);
    }
  });
});

describe('a bank where nobody can sign in', () => {
  test('is neither read nor changed, and says what to do', async () => {
    await using bank = await aDatabase('empty');
    await query(bank.url, "SELECT bank.register_customer('ada', 'ada@example.org', 'Ada', 'Byron', '1980-01-01', '1', 'savings', 'EUR')");
    const bursar = aCommand(bank);
    const [account] = await query(bank.url, 'SELECT number FROM bank.account');
    for (const words of [
      ['users', 'show', 'ada'],
      ['accounts', 'list', '--read-only'],
      ['accounts', 'approve', String(account?.['number']), '--note', 'all papers are here', '--yes'],
      ['accounts', 'list', '--as', 'admin'],
    ])
      expect(await bursar(...words)).toEqual({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^bursar: (nobody is signed in; sign in with "bursar login NAME"|.*only in a demo.*)\n$/) as string,
      });
    expect((await query(bank.url, 'SELECT status FROM bank.account'))[0]).toEqual({ status: 'pending' });
  });
});
