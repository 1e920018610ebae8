import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bank } from '../support/acting.ts';
import { aCommandHome } from '../support/command.ts';
import { openConsole } from '../support/console.ts';
import { aDemoLikeBank } from '../support/demo-like-bank.ts';
import { report } from '../support/reliability.ts';

const databasePassword = `db-${randomBytes(9).toString('hex')}`;
const userPassword = `Pass ${randomBytes(9).toString('hex')} word`;
const weakPassword = `grace-${randomBytes(9).toString('hex')}`;
const screenPassword = `screen-${randomBytes(9).toString('hex')}`;

let bank: Bank;
let home = '';
/** Everything that left the program, by where it was found. */
const found = new Map<string, string>();

beforeAll(async () => {
  home = aCommandHome();
  bank = await aDemoLikeBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const keep = (where: string, text: string): void => void found.set(where, `${found.get(where) ?? ''}\n${text}`);

/** What the server shows to everybody who may look at its activity. */
const watchActivity = async (): Promise<void> => {
  const rows = await bank.rows<{ shown: string }>(
    `SELECT application_name || ' ' || query AS shown FROM pg_stat_activity WHERE pid <> pg_backend_pid()`,
  );
  keep('statements under way', rows.map(({ shown }) => shown).join('\n'));
};

/** The built program as a process of its own, with its output, its arguments and what the server saw of it meanwhile. */
const bursar = async (url: string, environment: NodeJS.ProcessEnv, ...args: string[]): Promise<number | null> => {
  const { PATH = '' } = process.env;
  const program = path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js');
  const env = { PATH, LANG: 'C.UTF-8', BURSAR_HOME: home, BURSAR_REASON: 'a test writes', DATABASE_URL: url, ...environment };
  const child = spawn(process.execPath, [program, '--debug-log', path.join(home, 'debug.log'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (bytes: Buffer) => keep('standard output', bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => keep('standard error', bytes.toString()));
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  while (child.exitCode === null) {
    const file = `/proc/${child.pid}/cmdline`;
    if (existsSync(file)) keep('arguments', readFileSync(file, 'utf8'));
    await watchActivity();
    await pause(5);
  }
  return ended;
};

const person = (name: string) => [
  'users', 'create', '--username', name, '--email', `${name}@mail.example`, '--first-name', 'Grace', '--last-name', 'Hopper', '--note', 'opened by a test', '--yes', '--json',
]; // prettier-ignore

test('the command: done, refused, failed, without a database', { timeout: 120_000 }, async () => {
  const url = new URL(bank.url);
  url.password = databasePassword;
  expect(await bursar(url.href, { BURSAR_PASSWORD: userPassword }, ...person('mary'))).toBe(0);
  expect(await bursar(url.href, { BURSAR_PASSWORD: weakPassword }, ...person('grace'))).toBe(2);
  expect(await bursar(url.href, { BURSAR_PASSWORD: userPassword }, ...person('mary'))).toBe(3);
  await bank.db
    .query(`CREATE FUNCTION public.broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left: %', new USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER a_broken BEFORE INSERT ON bank."user" FOR EACH ROW EXECUTE FUNCTION public.broken()`);
  expect(await bursar(url.href, { BURSAR_PASSWORD: userPassword }, ...person('ada.l'))).toBe(1);
  await bank.db.query('DROP TRIGGER a_broken ON bank."user"');
  url.pathname = '/no_such_database';
  expect(await bursar(url.href, {}, 'accounts', 'list')).toBe(1);
  url.searchParams.set('sslmode', 'require');
  url.searchParams.delete('host');
  url.hostname = 'db.example';
  expect(await bursar(url.href, {}, 'accounts', 'list', '--json')).toBe(2);
});

test('the screen: a typed password in form, preview and dumps', { timeout: 120_000 }, async () => {
  await using console = await openConsole({ url: bank.url, pane: 'users', size: [120, 45] });
  const dump = async (): Promise<void> => {
    keep('frames', console.frame());
    await watchActivity();
  };
  await console.press('x', 'n');
  await console.fillIn({
    username: 'joan',
    email: 'joan@mail.example',
    firstName: 'Joan',
    lastName: 'Clarke',
    note: 'opened by a test on screen',
  });
  await console.fillIn({ password: screenPassword });
  await dump();
  await console.fill({});
  await console.sees('the password must be changed');
  await dump();
  await console.confirm();
  await console.sees('[ok] created joan');
  await console.command('dump');
  await console.sees('wrote');
  await dump();
  const folder = path.join(console.home, 'dumps');
  for (const file of readdirSync(folder)) keep('dumps', readFileSync(path.join(folder, file), 'utf8'));
  expect(found.get('frames')).toContain('Password');
});

test('none of it stands anywhere afterwards', async () => {
  keep('debug log', readFileSync(path.join(home, 'debug.log'), 'utf8'));
  const kept = await bank.rows<{ row: string }>(`SELECT a::text AS row FROM ops.audit a UNION ALL SELECT r::text FROM ops.action_run r`);
  keep('audit and results', kept.map(({ row }) => row).join('\n'));
  const users = await bank.rows<{ row: string }>(`SELECT u::text AS row FROM bank."user" u`);
  keep('users', users.map(({ row }) => row).join('\n'));
  const tokens = new Set(
    (await bank.rows<{ hash: string }>(`SELECT encode(token_hash, 'hex') AS hash FROM ops.operator_session`)).map(({ hash }) => hash),
  );

  const secrets = [databasePassword, userPassword, weakPassword, screenPassword];
  const isToken = (word: string): boolean => tokens.has(createHash('sha256').update(word).digest('hex'));
  const hits = [...found].flatMap(([where, text]) => [
    ...secrets.filter(secret => text.includes(secret)).map(secret => `${where}: ${secret}`),
    ...(text.match(/[0-9a-f]{64}|token-[0-9a-f-]{36}/g) ?? []).filter(isToken).map(token => `${where}: token ${token}`),
  ]);
  report('secrets', { places: found.size, characters: [...found.values()].join('').length, sessions: tokens.size, hits: hits.length });
  expect([...found.keys()].toSorted()).toEqual([
    'arguments', 'audit and results', 'debug log', 'dumps', 'frames', 'standard error', 'standard output', 'statements under way', 'users',
  ]); // prettier-ignore
  expect(tokens.size).toBeGreaterThan(4);
  expect(hits).toEqual([]);
});
