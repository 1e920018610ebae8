import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { placesOf } from '../../src/demo/host/places.ts';
import { launchCommand } from '../support/command.ts';
import { aHome } from '../support/home.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js');

/** Presses the button of a confirmation, which arms 300 ms after it appeared; what must be typed is typed first. */
const confirm = async (screen: PseudoTerminal, preview: string | RegExp, done: string | RegExp, words = ''): Promise<void> => {
  await screen.sees(preview);
  if (words !== '') {
    screen.type(words);
    await screen.sees(words);
    screen.type('\t');
  }
  screen.type('\t');
  await pause(350);
  screen.type('\r');
  await screen.sees(done);
};

const go = async (screen: PseudoTerminal, line: string, arrived: string | RegExp): Promise<void> => {
  screen.type(`:${line}\r`);
  await screen.sees(arrived);
};

test.skipIf(process.platform !== 'linux')(
  'the demo restores its own bank from a backup by keys alone; what was frozen after the backup is frozen afterwards',
  { timeout: 400_000 },
  async () => {
    await using home = aHome();
    const bursar = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await launchCommand({ home: home.path, built: true }, ...args);
      expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
      return stdout;
    };
    await bursar('demo', '--scale', '5000');
    const env = { DATABASE_URL: '', BURSAR_HOME: home.path, BURSAR_TRAFFIC: '2', BURSAR_TRAFFIC_CASES: 'none' };
    const screen = new PseudoTerminal({ columns: 160, rows: 50, env });
    await screen.sees('ready>');
    screen.type(`${process.execPath} ${program}\r`);
    await screen.sees('Transactions, 24 h');

    await go(screen, 'backups', 'Nothing is here yet');
    screen.type('W');
    await screen.sees('Open a write window');
    screen.type('a restore is tried on the demo\r\r');
    await screen.sees('you may write until');
    screen.type('xb');
    await screen.sees('-- Back up database');
    screen.type('demo1\rbefore a restore is tried\r');
    await confirm(screen, 'bursar maintain backup', /\[ok\] queued run \d+/);
    await screen.sees(/verified.*database +demo1/);

    await go(screen, 'accounts status=active', /> \d{12}.*active/);
    const number = /> (\d{12})/.exec(screen.text())?.[1] ?? '';
    screen.type('xf');
    await screen.sees('Freeze account');
    screen.type('\u001B[C\rseen after the backup\r\r\r');
    await confirm(screen, 'stops deposits, withdrawals and transfers', `[ok] froze ${number}`);

    await go(screen, 'backups sort=database', /verified.*database +demo1/);
    screen.type('xr');
    await screen.sees('-- Restore');
    screen.type('\rbursar\r\rthe bank of this morning is wanted\r');
    await screen.sees('stays in force');
    await confirm(screen, /lost: \d+ transactions/, /request \d+ waits/, 'demo1 bursar demo');
    const request = /request (\d+) waits/.exec(screen.text())?.[1] ?? '';

    await go(screen, 'as manager', 'you are mona now');
    await go(screen, `inbox number=${request}`, new RegExp(`> +${request}`));
    screen.type('W');
    await screen.sees('Open a write window');
    screen.type('a second pair of eyes\r\r');
    await screen.sees('you may write until');
    screen.type('xa');
    await screen.sees('-- Approve');
    screen.type('looked at what would be lost\r');
    await confirm(screen, '[ Approve request ]', /demo code \d{6}/);
    const code = /demo code (\d{6})/.exec(screen.text())?.[1] ?? '';
    screen.type(`${code}\r\r`);
    await screen.sees(/\[ok\].* queued run \d+/);

    // a manager executes nothing on hosts
    await go(screen, 'as sysop', 'you are sven now');
    await go(screen, 'runs', /> +\d+ +Restore data[^|\n]*?/);
    await expect
      .poll(() => screen.text(), { timeout: 200_000, interval: 1_000 })
      .toMatch(/> +\d+ +Restore data[^|\n]*? +(succeeded|failed|unknown)/);
    await screen.sees(/> +\d+ +Restore data[^|\n]*? +succeeded/);
    await go(screen, `accounts number=${number}`, new RegExp(`> ${number}.*frozen`));
    rmSync(placesOf(home.path).pidFile, { force: true });
  },
);
