import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommandHome } from '../support/command.ts';
import { aDatabase, type TestDatabase } from '../support/database.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { query } from '../support/query.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await aDatabase('demo');
});
afterAll(() => database.drop());

const program = `${process.execPath} ${path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js')}`;

const aShell = async (url: string, env: NodeJS.ProcessEnv = {}): Promise<PseudoTerminal> => {
  const terminal = new PseudoTerminal({ columns: 120, rows: 40, env: { DATABASE_URL: url, BURSAR_HOME: aCommandHome(), ...env } });
  await terminal.sees('ready>');
  return terminal;
};

const anActiveAccount = async (url: string): Promise<string> =>
  String((await query(url, "SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1"))[0]?.['number']);
const statusOf = async (url: string, number: string) =>
  (await query(url, 'SELECT status FROM bank.account WHERE number = $1', [number]))[0]?.['status'];

describe('the command at a terminal', () => {
  test('shows the preview, asks, and does it after a yes', async () => {
    const number = await anActiveAccount(database.url);
    const terminal = await aShell(database.url);
    terminal.type(`${program} accounts freeze ${number} --ground compliance --note 'asked at a real terminal'; echo "left $?"\r`);
    await terminal.sees('stops deposits, withdrawals and transfers');
    await terminal.sees(`Freeze account ${number}? [y/N]`);
    terminal.type('y\r');
    await terminal.sees('Why do you write now?');
    terminal.type('ticket 4711\r');
    await terminal.sees(`froze ${number} (audit`);
    await terminal.sees('left 0');
    expect(await statusOf(database.url, number)).toBe('frozen');
  });

  test('Ctrl+C at the question changes nothing, closes the session and gives the terminal back', async () => {
    const number = await anActiveAccount(database.url);
    const terminal = await aShell(database.url);
    const before = terminal.state();
    terminal.type(`${program} accounts freeze ${number} --ground compliance --note 'asked at a real terminal'; echo "left $?"\r`);
    await terminal.sees('[y/N]');
    terminal.type('\u0003');
    await terminal.sees('left 130');
    expect(terminal.state()).toEqual(before);
    expect(await statusOf(database.url, number)).toBe('active');
    expect((await query(database.url, 'SELECT count(*)::int AS open FROM ops.operator_session WHERE revoked_at IS NULL'))[0]).toEqual({
      open: 0,
    });
  });

  test('Ctrl+D is no yes', async () => {
    const number = await anActiveAccount(database.url);
    const terminal = await aShell(database.url);
    terminal.type(`${program} accounts freeze ${number} --ground compliance --note 'asked at a real terminal'; echo "left $?"\r`);
    await terminal.sees('[y/N]');
    terminal.type('\u0004');
    await terminal.sees('left 2');
    expect(terminal.text()).toContain('nothing was done: it was not confirmed');
    expect(await statusOf(database.url, number)).toBe('active');
  });

  test('TERM=dumb is refused with a sentence that says what to use instead', async () => {
    const terminal = await aShell(database.url, { TERM: 'dumb' });
    terminal.type(`${program}; echo "left $?"\r`);
    await terminal.sees('left 2');
    expect(terminal.text()).toContain('TERM is dumb or not set');
    expect(terminal.text()).toContain('bursar overview list');
    expect(terminal.sent).not.toContain('\u001b[?1049h');
  });
});

describe('the full screen', () => {
  test('opens where no words are given, closes its session when it is ended, and anchors the audit log meanwhile', async () => {
    const home = aCommandHome();
    const terminal = await aShell(database.url, { BURSAR_HOME: home, BURSAR_TRAFFIC: '0' });
    terminal.type(`${program}; echo "left $?"\r`);
    await terminal.sees('Pending accounts');
    await expect.poll(() => existsSync(path.join(home, 'anchors.jsonl')), { timeout: 60_000 }).toBe(true);
    const [session] = await query(
      database.url,
      `SELECT split_part(client, ' ', 2)::int AS pid FROM ops.operator_session WHERE client LIKE 'bursar %' AND revoked_at IS NULL`,
    );
    process.kill(Number(session?.['pid']), 'SIGTERM');
    await terminal.sees('left 143');
    expect((await query(database.url, 'SELECT count(*)::int AS open FROM ops.operator_session WHERE revoked_at IS NULL'))[0]).toEqual({
      open: 0,
    });
  });

  test('says in one line why it could not start', async () => {
    const terminal = await aShell('postgresql://nobody@localhost:1/none');
    terminal.type(`${program}; echo "left $?"\r`);
    await terminal.sees('left 1');
    expect(terminal.text()).toContain('bursar: the database does not answer; start it, or correct DATABASE_URL');
    expect(terminal.text()).not.toContain('    at ');
  });
});
