import jsQR from 'jsqr';
import { expect, test } from 'vitest';
import { codeAt } from '../../src/domain/totp.ts';
import { aCommandHome } from '../support/command.ts';
import { aDatabase } from '../support/database.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { seedIn } from '../support/terminal-command.ts';
import { program } from '../support/program.ts';

const command = `${process.execPath} ${program}`;

const halves: Readonly<Record<string, readonly [upper: boolean, lower: boolean]>> = {
  ' ': [false, false],
  '▀': [true, false],
  '▄': [false, true],
  '█': [true, true],
};

/** What a telephone reads from a picture of half blocks, dark on light. */
const scan = (lines: readonly string[]): string | undefined => {
  const scale = 4;
  const width = Math.max(...lines.map(line => line.length));
  const modules = lines.flatMap(line => {
    const cells = Array.from(line.padEnd(width), cell => halves[cell] ?? [false, false]);
    return [cells.map(([upper]) => upper), cells.map(([, lower]) => lower)];
  });
  const [columns, rows] = [width * scale, modules.length * scale];
  const pixels = new Uint8ClampedArray(columns * rows * 4).fill(255);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (modules[Math.floor(y / scale)]?.[Math.floor(x / scale)]) pixels.fill(0, (y * columns + x) * 4, (y * columns + x) * 4 + 3);
    }
  }
  return jsQR.default(pixels, columns, rows)?.data;
};

test(
  'at a real terminal the first administrator is founded, scans a picture, and nothing of the password is shown',
  { timeout: 120_000 },
  async () => {
    await using bank = await aDatabase('empty');
    const terminal = new PseudoTerminal({
      columns: 80,
      rows: 24,
      env: { DATABASE_URL: bank.url, BURSAR_HOME: aCommandHome(), LANG: 'C.UTF-8' },
    });
    await terminal.sees('ready>');
    const password = 'nineteen otters juggle lemons';
    terminal.type(`${command} operators create ada --display-name 'Ada Whitaker'; echo "left $?"\r`);
    await terminal.sees('Found ada? [y/N]');
    terminal.type('y\r');
    await terminal.sees('Is ada at this terminal, to enrol now? [Y/n]');
    terminal.type('\r');
    await terminal.sees('New password, 15 characters or more:');
    terminal.type(`${password}\r`);
    await terminal.sees('The same again:');
    terminal.type(`${password}\r`);
    await terminal.sees('The code that the app shows now:');
    const lines = terminal.text().split('\n');
    const end = lines.findIndex(line => line.startsWith('The code that'));
    expect(end).toBeLessThan(24);
    const scanned = scan(lines.slice(0, end));
    expect(scanned).toMatch(/^otpauth:\/\/totp\/Bursar:ada\?secret=[A-Z2-7]{32}&issuer=Bursar$/);
    terminal.type(`${codeAt(seedIn(scanned ?? ''), Date.now())}\r`);
    await terminal.sees('founded ada, who is enrolled');
    await terminal.sees('left 0');
    expect(terminal.sent.match(/^ {2}[0-9a-z]{4}(-[0-9a-z]{4}){3}\r?$/gm)).toHaveLength(10);
    expect(terminal.sent).not.toContain('otters');

    // signing in asks in the same way; the code of the enrolment was used
    terminal.type('clear\r');
    terminal.type(`${command} login ada; echo "signed $?"\r`);
    await terminal.sees('Password:');
    terminal.type(`${password}\r`);
    await terminal.sees('One-time code:');
    const next = codeAt(seedIn(scanned ?? ''), Date.now() + 30_000);
    terminal.type(`${next}\r`);
    await terminal.sees('signed in as ada until');
    await terminal.sees('signed 0');
    expect(terminal.sent).not.toContain('otters');
  },
);
