import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { aDatabase } from '../support/database.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { query } from '../support/query.ts';

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js');

const aHomeFolder = (): string => {
  const home = mkdtempSync(path.join(tmpdir(), 'bursar-e2e-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  return home;
};

/** The built program in a shell in a pseudo-terminal, on a demo bank that nobody else touches. */
const openProgram = async (url: string, columns: number, rows: number): Promise<PseudoTerminal> => {
  const terminal = new PseudoTerminal({ columns, rows, env: { DATABASE_URL: url, BURSAR_HOME: aHomeFolder(), BURSAR_TRAFFIC: '0' } });
  await terminal.sees('ready>');
  terminal.type(`${process.execPath} ${program}\r`);
  await terminal.sees('Transactions, 24 h');
  return terminal;
};

type Person = { readonly id: string; readonly number: string };

const one = async <Row extends object>(url: string, sql: string, values: unknown[] = []): Promise<Row> => {
  const [row] = (await query(url, sql, values)) as Row[];
  if (!row) throw new Error(`no row: ${sql}`);
  return row;
};

/** A pending account of which every opening check is clear. */
const clearApplicant = `SELECT a.id, a.number FROM bank.account a JOIN bank."user" u ON u.id = a.user_id
  WHERE a.status = 'pending' AND u.email_verified_at IS NOT NULL AND u.phone IS NOT NULL AND u.status = 'active' AND a.currency = 'EUR'
    AND u.birth_date < current_date - interval '19 years'
    AND (SELECT count(*) FROM bank.document d WHERE d.user_id = u.id AND d.status = 'verified' AND (d.expires_on IS NULL OR d.expires_on > current_date)) = 2
    AND NOT EXISTS (SELECT FROM bank."user" o WHERE o.id <> u.id AND lower(o.last_name) = lower(u.last_name) AND lower(o.first_name) = lower(u.first_name) AND o.birth_date = u.birth_date)
  ORDER BY a.id LIMIT 1`;

const post = (url: string, account: Person) =>
  one<{ code: string | null; message: string | null }>(
    url,
    `SELECT code, message FROM bank.post_transaction($1, 'deposit', NULL, $2, 1000, 'EUR', 'online', 'Payer', 'one posting')`,
    [randomUUID(), account.id],
  );

test(
  'an operator approves one account, freezes another, sees a posting refused, retracts, and finds it all in the audit log',
  { timeout: 120_000 },
  async () => {
    await using database = await aDatabase('demo');
    const applicant = await one<Person>(database.url, clearApplicant);
    const suspect = await one<Person>(
      database.url,
      `SELECT id, number FROM bank.account WHERE status = 'active' AND currency = 'EUR' ORDER BY id DESC LIMIT 1`,
    );
    const screen = await openProgram(database.url, 120, 40);

    screen.type('W');
    await screen.sees('Open a write window');
    screen.type('ticket 4711\r\r');
    await screen.sees('you may write until');
    screen.type(`:accounts number=${applicant.number}\r`);
    await screen.sees(new RegExp(`> ${applicant.number}.*pending`));
    screen.type('xa');
    await screen.sees('Approve account');
    screen.type('all papers were checked by hand\r');
    await screen.sees('5 of 5 opening checks are clear');
    screen.type('\t');
    await new Promise(resolve => setTimeout(resolve, 350)); // the button arms 300 ms after it appeared, whoever presses it
    screen.type('\r');
    await screen.sees(`[ok] approved ${applicant.number}`);
    expect(await post(database.url, applicant)).toEqual({ code: null, message: null });

    screen.type(`:accounts number=${suspect.number}\r`);
    await screen.sees(new RegExp(`> ${suspect.number}.*active`));
    screen.type('xf');
    await screen.sees('Freeze account');
    screen.type('\u001B[C\u001B[C'); // the second ground by the arrows
    await screen.sees('unauthorised access');
    screen.type('\rseen from two countries at once\r\r\r');
    await screen.sees('stops deposits, withdrawals and transfers');
    screen.type('\t');
    await new Promise(resolve => setTimeout(resolve, 350));
    screen.type('\r');
    await screen.sees(`[ok] froze ${suspect.number}`);

    expect(await post(database.url, suspect)).toEqual({ code: 'account-frozen', message: `account ${suspect.number} is frozen` });
    screen.type('r');
    await screen.sees(new RegExp(`> ${suspect.number}.*frozen`));
    await screen.sees('deposit EUR 10.00: account');

    screen.type('z');
    // its form has the same title: only what it becomes has this button, which arms 300 ms after it appeared
    await screen.sees('[ Retract freeze ]');
    await new Promise(resolve => setTimeout(resolve, 350));
    screen.type('\t\r');
    await screen.sees(`[ok] retracted the freeze of ${suspect.number}`);
    expect(await post(database.url, suspect)).toEqual({ code: null, message: null });

    screen.type(':audit verb!=view verb!=login\r');
    for (const action of ['accounts.approve', 'accounts.freeze', 'accounts.retract-freeze']) await screen.sees(action);
    screen.type(':q\r');
    await screen.sees('Leave Bursar?');
    screen.type('\r');
    await screen.sees('ready>');
    expect(screen.state()).toMatchObject({ alternate: false, cursor: true, pastes: false });

    const rows = await query(
      database.url,
      `SELECT action, outcome::text, entity_label, operator FROM ops.audit WHERE action LIKE 'accounts.%' AND verb IN ('approve', 'update') ORDER BY seq`,
    );
    expect(rows).toEqual([
      { action: 'accounts.approve', outcome: 'success', entity_label: applicant.number, operator: 'demo' },
      { action: 'accounts.freeze', outcome: 'success', entity_label: suspect.number, operator: 'demo' },
      { action: 'accounts.retract-freeze', outcome: 'success', entity_label: suspect.number, operator: 'demo' },
    ]);
    expect(await one(database.url, 'SELECT first_broken FROM ops.verify_audit()')).toEqual({ first_broken: null });
  },
);
