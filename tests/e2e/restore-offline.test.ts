import { hostname } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { urlOfDatabase } from '../../src/maintenance/load.ts';
import { aBankOn } from '../support/acting.ts';
import { aCommandHome } from '../support/command.ts';
import { aDatabase } from '../support/database.ts';
import { maintained } from '../support/maintained.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { query } from '../support/query.ts';
import { dropAll, offlineJournals } from '../support/restoring.ts';

vi.setConfig({ testTimeout: 180_000 });

const program = `${process.execPath} ${path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js')}`;

test('P20 two people are asked at a terminal of 80x24: wrong answers and Ctrl+C change nothing, a hostile reason is only words', async () => {
  await using database = await aDatabase('empty');
  const name = new URL(database.url).pathname.slice(1);
  const home = aCommandHome();
  const bank = await aBankOn(database.url);
  await bank.account({ balance: 4_711 });
  await bank[Symbol.asyncDispose]();
  const host = maintained(database.url, { home });
  const backup = String((await host.maintain('backup', { run: 'taken' }))['name']);
  await query(urlOfDatabase(database.url, 'postgres'), `DROP DATABASE ${name} WITH (FORCE)`);

  const terminal = new PseudoTerminal({ env: { DATABASE_URL: database.url, BURSAR_HOME: home } });
  await terminal.sees('ready>');
  let turn = 0;
  const begin = async (): Promise<void> => {
    terminal.type(`clear; echo "turn" ${++turn}; ${program} maintain restore-offline; echo "left $?"\r`);
    await terminal.sees(`turn ${turn}\n`);
    await terminal.sees('What happened? (10 characters or more):');
  };
  const answers = async (answer: string, next: string | RegExp): Promise<void> => {
    terminal.type(`${answer}\r`);
    await terminal.sees(next);
  };
  // wrapped, not cut: every line that says what is lost is there
  await begin();
  expect(terminal.text().replaceAll('\n', '')).toContain('every session of operators and users was ended');
  await answers('\u001bno', 'left 2');
  expect(terminal.text()).toContain('the reason takes at least 10 characters');

  await begin();
  await answers('the disk died', `Type "${hostname()}`);
  await answers('yes', 'left 2');

  await begin();
  await answers('the disk died', `Type "${hostname()}`);
  terminal.type('\u0003');
  await terminal.sees('left 130');
  expect(offlineJournals(home)).toEqual([]);
  expect(await host.databases()).toEqual([]);

  // written from right to left, a command for a shell, and SQL
  await begin();
  await answers(`\u202e$(reboot) '); DROP TABLE ops.audit; -- 👾`, `Type "${hostname()}`);
  await answers(`${hostname()} ${name}`, 'A second person must agree');
  await answers('Mona Meyer', 'Mona Meyer, type');
  await answers(backup, 'left 0');
  const [row] = await query(database.url, `SELECT note FROM ops.audit WHERE action = 'restores.offline'`);
  expect(String(row?.['note'])).toMatch(/^[^\u202e]*\$\(reboot\) '\); DROP TABLE ops\.audit; -- 👾$/u);
  expect(await query(database.url, 'SELECT problem FROM ops.verify_audit()')).toEqual([{ problem: null }]);
  expect(terminal.state()).toMatchObject({ alternate: false, cursor: true });
  await dropAll(database.url, await host.databases());
});
