import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Bank } from '../support/acting.ts';
import { aDemoLikeBank } from '../support/demo-like-bank.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js');

let bank: Bank;
beforeAll(async () => {
  bank = await aDemoLikeBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

/** The built program in a shell with a form open that asks for the freeze of an account of its own. */
const withForm = async () => {
  const { number } = await bank.account();
  const home = mkdtempSync(path.join(tmpdir(), 'bursar-exit-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const terminal = new PseudoTerminal({ columns: 100, rows: 30, env: { DATABASE_URL: bank.url, BURSAR_HOME: home, BURSAR_TRAFFIC: '0' } });
  await terminal.sees('ready>');
  const before = terminal.state();
  const [known] = await bank.rows<{ client: string | null }>(`SELECT max(started_at)::text AS client FROM ops.operator_session`);
  terminal.type(`${process.execPath} ${program}\r`);
  await terminal.sees('Transactions, 24 h');
  terminal.type(`:accounts number=${number}\r`);
  await terminal.sees(new RegExp(`> ${number}.*active`));
  terminal.type('W');
  await terminal.sees('Open a write window');
  terminal.type('to try an exit\r\r');
  await terminal.sees(/WRITE/);
  terminal.type('xf');
  await terminal.sees('Freeze account');
  terminal.type('\rhalf a note that nobody');
  await terminal.sees('half a note that nobody');
  const [row] = await bank.rows<{ pid: number }>(
    `SELECT split_part(client, ' ', 2)::int AS pid FROM ops.operator_session WHERE client LIKE 'bursar %' AND started_at > $1 ORDER BY started_at DESC LIMIT 1`,
    [known?.client],
  );
  return { terminal, before, number, pid: row?.pid ?? 0 };
};

const nothingWasDone = async (number: string): Promise<void> => {
  const [row] = await bank.rows(
    `SELECT status::text, version, (SELECT count(*)::int FROM ops.hold h WHERE h.account_id = a.id) AS holds,
            (SELECT count(*)::int FROM ops.audit l WHERE l.entity_id = a.id::text AND l.action = 'accounts.freeze') AS told
       FROM bank.account a WHERE number = $1`,
    [number],
  );
  expect(row).toMatchObject({ status: 'active', holds: 0, told: 0 });
};

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

const leftOnTheServer = (pid: number) => bank.rows(`SELECT FROM pg_stat_activity WHERE application_name LIKE $1`, [`bursar ${pid} %`]);

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGKILL', 137],
  ['SIGABRT', 134],
] as const)('%s while a form is open: the terminal is as it was, and nothing was done', async (signal, code) => {
  const { terminal, before, number, pid } = await withForm();
  process.kill(pid, signal);
  await vi.waitUntil(() => !terminal.state().alternate && terminal.hasCursor, { timeout: 60_000 });
  await expect.poll(() => terminal.state(), { timeout: 60_000 }).toEqual(before);
  terminal.type('echo left $?\r');
  await terminal.sees(`left ${code}`);
  expect(terminal.text()).not.toMatch(/ at .*\.js:\d+/);
  await nothingWasDone(number);
  await expect.poll(() => leftOnTheServer(pid), { timeout: 60_000 }).toEqual([]);
});

test('a terminal that is closed while a form is open takes the program with it; its session is ended', async () => {
  const { terminal, number, pid } = await withForm();
  terminal.pty.kill('SIGKILL');
  await vi.waitUntil(() => isGone(pid), { timeout: 60_000 });
  await nothingWasDone(number);
  await expect.poll(() => leftOnTheServer(pid), { timeout: 60_000 }).toEqual([]);
  const [session] = await bank.rows(`SELECT revoked_at IS NOT NULL AS ended FROM ops.operator_session WHERE client LIKE $1`, [
    `bursar ${pid} %`,
  ]);
  expect(session).toEqual({ ended: true });
});
