import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDirect } from '../../src/database/direct.ts';
import { openLocalServer, type LocalServer } from '../../src/database/local-server.ts';
import { migrate } from '../../src/database/migrate.ts';
import { applyRights } from '../../src/database/rights.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import type { Bank } from '../support/acting.ts';
import { openConsole, type TestConsole } from '../support/console.ts';
import { killProcess } from '../support/consoles.ts';
import { letDemoIn } from '../support/demo-like-bank.ts';
import { aHome, type TestHome } from '../support/home.ts';
import { query } from '../support/query.ts';
import { report } from '../support/reliability.ts';

const migrations = path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations');
/** A console is to be back so soon after its database, in milliseconds. */
const soon = 5_000;
const note = 'written while the database was away';

let home: TestHome;
let server: LocalServer;
let bank: Bank;
let numbers: string[] = [];

beforeAll(async () => {
  home = aHome();
  server = await openLocalServer({ home: home.path });
  const connection = await openDirect(server.url, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined);
  await migrate(connection, migrations);
  await applyRights(connection);
  await connection.end();
  bank = await letDemoIn(server.url);
  for (let count = 0; count < 4; count++) numbers = [...numbers, (await bank.account()).number];
});
afterAll(async () => {
  // its connection broke with the server
  await bank.db.end().catch(() => undefined);
  await server.stop();
  await home[Symbol.asyncDispose]();
});

const restart = async (): Promise<void> => {
  server = await openLocalServer({ home: home.path });
};

const onAccount = async (number: string): Promise<TestConsole> => {
  const console = await openConsole({ url: server.url, pane: 'accounts' });
  await console.filter(`number=${number}`);
  await console.sees(new RegExp(`> ${number}.*active`));
  await console.press('x', 'f');
  return console;
};

/** How often an account is frozen, and how often the log says so. */
const effects = async (number: string) =>
  (
    await query(
      server.url,
      `SELECT a.status::text, (SELECT count(*)::int FROM ops.hold h WHERE h.account_id = a.id) AS holds,
              (SELECT count(*)::int FROM ops.audit l WHERE l.entity_id = a.id::text AND l.action = 'accounts.freeze' AND l.outcome = 'success') AS told
         FROM bank.account a WHERE a.number = $1`,
      [number],
    )
  )[0];

test('while a form is filled in: it says so, keeps the draft, is back soon, and the form goes on', { timeout: 120_000 }, async () => {
  const [number = ''] = numbers;
  await using console = await onAccount(number);
  await console.fillIn({ ground: 'compliance', note });
  await server.stop();
  await console.sees('NO DATABASE');
  await console.sees(note);
  await restart();
  const back = performance.now();
  await console.until(() => console.state.lostSince === undefined, 'the database to answer again');
  const waited = performance.now() - back;
  await console.sees(note);
  await console.fill({});
  await console.confirm();
  await console.sees('[ok] froze');
  expect(await effects(number)).toEqual({ status: 'frozen', holds: 1, told: 1 });
  report('restart in mid-form', { 'ms until it reads again': Math.round(waited) });
  expect(waited).toBeLessThan(soon);
});

test('asked for its preview while the database is away: refused, the draft stays', { timeout: 120_000 }, async () => {
  const number = numbers[1] ?? '';
  await using console = await onAccount(number);
  await console.fillIn({ ground: 'compliance', note });
  await server.stop();
  await console.fill({});
  await console.sees('nothing was changed', note);
  await restart();
  await console.until(() => console.state.lostSince === undefined, 'the database to answer again');
  await console.fill({});
  await console.confirm();
  await console.sees('[ok] froze');
  expect(await effects(number)).toEqual({ status: 'frozen', holds: 1, told: 1 });
});

test.each([
  ['killed', 'within seconds', false],
  ['away for longer than anybody waits', 'as unknown first', true],
])('while an action runs, %s: settled by its key, %s', { timeout: 120_000 }, async (_, __, isLong) => {
  const number = numbers[isLong ? 3 : 2] ?? '';
  await using console = await onAccount(number);
  await console.fill({ ground: 'compliance', note });
  // Somebody else holds the account, so that the freeze waits in the middle of its transaction
  const other = new Client(connectionSettings(server.url, { applicationName: 'other' }));
  other.on('error', () => undefined);
  await other.connect();
  await other.query('BEGIN');
  await other.query('SELECT FROM bank.account WHERE number = $1 FOR UPDATE', [number]);
  await console.confirm();
  const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'bursar test%'`;
  await expect.poll(() => query(server.url, waiting), { timeout: 60_000 }).toHaveLength(1);
  const gone = performance.now();
  // One that was killed is started again by whoever uses it, one that was stopped is not
  if (isLong) await server.stop();
  else await killProcess(await home.serverPid());
  await other.end().catch(() => undefined);
  if (isLong) await console.sees('UNKNOWN');
  await restart();
  const back = performance.now();
  await console.sees('nothing was changed');
  report('database killed under an action', {
    'ms away': Math.round(back - gone),
    'ms until settled': Math.round(performance.now() - back),
  });
  expect(performance.now() - back).toBeLessThan(soon + 3_000);
  expect(console.state.unsettled).toEqual([]);
  expect(await effects(number)).toEqual({ status: 'active', holds: 0, told: 0 });
  expect(await query(server.url, 'SELECT first_broken FROM ops.verify_audit()')).toEqual([{ first_broken: null }]);
});
