import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { aCommandHome, launchCommand } from '../support/command.ts';
import { aDatabase } from '../support/database.ts';
import { aHome } from '../support/home.ts';
import { query } from '../support/query.ts';

const root = path.join(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

// The first copy builds the template, which a busy machine takes its time for
beforeAll(async () => {
  await (await aDatabase('demo')).drop();
});

/** The built program with its standard output in our hands. */
const pipe = (environment: NodeJS.ProcessEnv, ...args: string[]) => {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [path.join(root, 'bin/bursar.js'), ...args], {
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return { child, stderr: () => stderr, ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> };
};

describe('the built program without a terminal', () => {
  test('says its version, explains itself, and says what it does not know', async () => {
    expect(await launchCommand({ built: true }, '--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect(await launchCommand({ built: true }, '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('bursar RESOURCE VERB') as string,
      stderr: '',
    });
    expect(await launchCommand({ built: true }, 'frobnicate')).toMatchObject({ code: 2, stdout: '' });
    expect(await launchCommand({ built: true }, '--debug-log')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'bursar: --debug-log needs a file; write --debug-log FILE\n',
    });
  });

  test('the first start makes a demo bank, once, whoever comes first; then the overview is text', async () => {
    await using home = aHome();
    const [first, second] = await Promise.all([
      launchCommand({ home: home.path, built: true }),
      launchCommand({ home: home.path, built: true }),
    ]);
    for (const { code, stdout } of [first, second]) {
      expect(stdout).toMatch(/^Pending accounts +\d+ /m);
      expect(code).toBe(0);
    }
    expect(first.stderr + second.stderr).toContain('First start: ');
    const again = await launchCommand({ home: home.path, built: true }, 'accounts', 'list', '--limit', '1', '--json');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('"resource":"accounts"') as string });
    expect(again.stderr).not.toContain('First start');
    expect(existsSync(path.join(home.path, 'data', 'postmaster.pid'))).toBe(false);
  }, 300_000);

  test('a reader that has seen enough ends a long list quietly, and the session is closed', async () => {
    await using database = await aDatabase('demo');
    const { child, stderr, ended } = pipe(
      { DATABASE_URL: database.url, BURSAR_HOME: aCommandHome() },
      'transactions',
      'list',
      '--limit',
      'all',
      '--json',
    );
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await ended).toEqual([0, null]);
    expect(stderr()).toBe('');
    expect((await query(database.url, 'SELECT count(*)::int AS open FROM ops.operator_session WHERE revoked_at IS NULL'))[0]).toEqual({
      open: 0,
    });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends a long list with code %i, and the session is closed', async (signal, code) => {
    await using database = await aDatabase('demo');
    const { child, stderr, ended } = pipe(
      { DATABASE_URL: database.url, BURSAR_HOME: aCommandHome() },
      'transactions',
      'list',
      '--limit',
      'all',
      '--csv',
    );
    await once(child.stdout, 'data');
    child.kill(signal);
    child.stdout.resume();
    expect(await ended).toEqual([code, null]);
    expect(stderr()).toBe('');
    expect((await query(database.url, 'SELECT count(*)::int AS open FROM ops.operator_session WHERE revoked_at IS NULL'))[0]).toEqual({
      open: 0,
    });
  });

  test('60,000 rows leave in order and whole', async () => {
    await using database = await aDatabase('demo');
    const { code, stdout, stderr } = await launchCommand(
      { url: database.url, built: true },
      'transactions',
      'list',
      '--limit',
      'all',
      '--csv',
      '--sort',
      'posted',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const times = stdout
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map(line => line.slice(0, 24));
    expect(times).toHaveLength(60_000);
    expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? ''))).toBe(true);
  });

  test('a secret stands in no argument of the process, and an action is done by it', async () => {
    await using database = await aDatabase('demo');
    const environment = { BURSAR_PASSWORD: 'garnet willow trumpet 91 lagoon', BURSAR_REASON: 'a branch opens accounts' };
    const args = [
      'users',
      'create',
      '--username',
      'ada.byron',
      '--email',
      'ada@example.org',
      '--first-name',
      'Ada',
      '--last-name',
      'Byron',
      '--note',
      'opened at the branch',
      '--yes',
    ];
    expect(await launchCommand({ url: database.url, built: true, environment }, ...args)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^created ada\.byron/) as string,
    });
  });
});
