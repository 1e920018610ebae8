import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';

const program = path.join(import.meta.dirname, '../support/terminal-process.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'bursar-terminal-'));
const beatFile = path.join(folder, 'beat');
const command = `${process.execPath} ${program} ${beatFile}`;

afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(beatFile, { force: true }));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const pidOf = (terminal: PseudoTerminal): number => Number(/pid (\d+)/.exec(terminal.text())?.[1]);

const stateOf = (pid: number): string => execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });

/** Waits until the program, which counts beats, has come so far; a signal makes it write the number down. */
const goesOn = async (pid: number, beats: number): Promise<void> => {
  const come = (): number => {
    process.kill(pid, 'SIGUSR2');
    return existsSync(beatFile) ? Number(readFileSync(beatFile, 'utf8')) : 0;
  };
  await vi.waitUntil(() => come() > beats, { timeout: 60_000 });
};

const patient = { timeout: 60_000, interval: 10 };

/** A shell with the program on its screen, and how the terminal was before. */
const start = async (options: ConstructorParameters<typeof PseudoTerminal>[0] = {}) => {
  const terminal = new PseudoTerminal(options);
  await terminal.sees('ready>');
  const before = terminal.state();
  terminal.type(`${command}\r`);
  await terminal.sees(/\d \S+ 9+\|/);
  expect(terminal.state()).toMatchObject({ alternate: true, cursor: false, pastes: true, wraps: false });
  const restored = async (): Promise<void> => {
    await vi.waitUntil(() => !terminal.state().alternate && terminal.hasCursor, { timeout: 60_000 });
    await expect.poll(() => terminal.state(), patient).toEqual(before);
  };
  return { terminal, before, restored, pid: pidOf(terminal) };
};

const rowsOf = (columns: number, rows: number): string[] =>
  Array.from({ length: rows - 2 }, (_, y) => `${y} 王é ${String(y % 10).repeat(columns - 10)}|`);

/** The frame that the program means. */
const frameOf = (columns: number, rows: number, pid: number, last: string): string =>
  ['drawn by Ink', `size ${columns}x${rows} pid ${pid} last ${last} beat 0`, ...rowsOf(columns, rows)].join('\n');

describe('every end gives the terminal back', () => {
  test.each([
    ['a wish', 'q', 0, ''],
    ['an error', 't', 1, 'bursar: thrown␛[31m␊here'],
    ['a rejected promise', 'r', 1, 'bursar: rejected'],
  ])('%s', async (_, key, code, line) => {
    const { terminal, restored } = await start();
    terminal.type(key);
    await terminal.sees(`tidied up, code ${code}`);
    await restored();
    expect(terminal.text()).toContain(line);
    expect(terminal.text()).not.toContain('    at ');
    terminal.type('echo left $?\r');
    await terminal.sees(`left ${code}`);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('%s', async (signal, code) => {
    const { terminal, restored, pid } = await start();
    process.kill(pid, signal);
    await expect.poll(() => terminal.text(), patient).toContain(`tidied up, code ${code}`);
    await restored();
  });

  test.each(['SIGKILL', 'SIGQUIT', 'SIGABRT'] as const)('%s, by the guard', async signal => {
    const { terminal, restored, pid } = await start();
    process.kill(pid, signal);
    await restored();
    terminal.type('echo still here\r');
    await expect.poll(() => terminal.text(), patient).toMatch(/^still here/m);
  });

  test('a terminal that goes away ends the program and its guard', async () => {
    const { terminal, pid } = await start();
    const guards = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).trim().split(/\s+/).map(Number); // prettier-ignore
    expect(guards).toHaveLength(1);
    terminal.pty.kill('SIGKILL');
    await expect.poll(() => [pid, ...guards].filter(isAlive), patient).toEqual([]);
  });
});

describe('stopping and going on', () => {
  test.each(['sh', 'bash'])('Ctrl+Z and fg in %s', async shell => {
    const { terminal, restored, pid } = await start({ shell });
    for (const round of [1, 2]) {
      terminal.type('\u001a');
      await terminal.sees(/Stopped[^]*ready>$/);
      if (shell === 'sh') await restored();
      terminal.type(`echo shell ${round}\r`);
      await terminal.sees(new RegExp(`^shell ${round}$`, 'm'));
      terminal.type('fg\r');
      await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, '^z'));
      expect(terminal.state()).toMatchObject({ alternate: true, cursor: false, pastes: true });
    }
    terminal.type('q');
    await terminal.sees('tidied up, code 0');
    if (shell === 'sh') await restored();
  });

  test('in the background it waits, and gives back the right modes afterwards', async () => {
    const { terminal, pid } = await start({ shell: 'bash' });
    terminal.type('z');
    await terminal.sees(/Stopped[^]*ready>$/);
    terminal.type('bg\r');
    await terminal.sees(/&\nready>$/);
    await vi.waitUntil(() => stateOf(pid).startsWith('T'), { timeout: 60_000 });
    terminal.type('fg\r');
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'z'));
    // Another program gets the terminal as the shell had left it: with echo and lines
    terminal.type('e');
    await terminal.sees(/^ echo$/m);
    terminal.type('a line\r');
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'e'));
    terminal.type('q');
    await terminal.sees('got a line');
    await terminal.sees('tidied up, code 0');
    expect(terminal.state()).toMatchObject({ alternate: false, cursor: true, wraps: true });
  });

  test('a stop and a continue that nobody announced end in a whole frame', async () => {
    const { terminal, pid } = await start();
    process.kill(pid, 'SIGSTOP');
    await terminal.sees('ready>');
    // In our modes, which the shell has not changed, Enter is no line feed
    terminal.type('fg\n');
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'none'));
    terminal.type('j');
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'j'));
  });
});

describe('drawing', () => {
  test('200 sizes from 80x24 to 300x100 in a second', async () => {
    const { terminal, restored, pid } = await start();
    for (let step = 1; step <= 200; step++) {
      terminal.resize(80 + Math.round(step * 1.1), 24 + Math.round(step * 0.38));
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(300, 100, pid, 'none'));
    for (let step = 200; step >= 0; step--) terminal.resize(80 + Math.round(step * 1.1), 24 + Math.round(step * 0.38));
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'none'));
    terminal.type('q');
    await terminal.sees('tidied up, code 0');
    await restored();
  });

  test('a terminal that stops reading stops nothing but the picture', async () => {
    const { terminal, restored, pid } = await start({ columns: 200, rows: 50 });
    terminal.type('b');
    await terminal.sees(/beat [1-9]/);
    terminal.pty.pause();
    // It takes some kilobytes more: long before so many frames it is full
    await goesOn(pid, 600);
    terminal.pty.resume();
    await terminal.sees(/beat (6[1-9]\d|[7-9]\d\d|\d{4,})/);
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => terminal.text(), patient).toContain('tidied up, code 143');
    await restored();
  });

  test('even a terminal that never reads again lets the program end', async () => {
    const { terminal, pid } = await start({ columns: 200, rows: 50 });
    terminal.type('b');
    await terminal.sees(/beat [1-9]/);
    terminal.pty.pause();
    await goesOn(pid, 600);
    process.kill(pid, 'SIGTERM');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 60_000 });
    expect(isAlive(terminal.pty.pid)).toBe(true);
  });

  test('what others write does not reach the screen; foreign text goes at a redraw', async () => {
    const { terminal, pid } = await start();
    terminal.type('w');
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'w'));
    terminal.model.write('\u001b[5;5Hwall message');
    await terminal.sees('wall message');
    terminal.type('l');
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'l'));
    expect(terminal.sent).not.toContain('a stray line');
  });

  test('the clipboard gets what policy lets through', async () => {
    const { terminal, pid } = await start();
    terminal.type('c');
    await expect.poll(() => terminal.text(), patient).toBe(frameOf(80, 24, pid, 'c'));
    const copied = terminal.sent.split('\u001b]52;c;').slice(1).map(part => Buffer.from(part.split('\u0007')[0] ?? '', 'base64').toString()); // prettier-ignore
    expect(copied).toEqual(['447100930012']);
  });

  test('a paste is one event', async () => {
    const { terminal } = await start();
    terminal.type('\u001b[200~qqq\r\u001b[201~');
    await terminal.sees('last paste 4');
    expect(terminal.state().alternate).toBe(true);
  });

  test('NO_COLOR leaves emphasis only', async () => {
    const { terminal } = await start({ env: { NO_COLOR: '1' } });
    expect(terminal.sent).toContain('\u001b[1m');
    expect(terminal.sent).not.toContain('31m');
  });
});

describe('refusals touch nothing', () => {
  test.each([
    ['< /dev/null', {}, 'standard input is not a terminal'],
    ['| cat', {}, 'standard output is not one'],
    ['', { TERM: 'dumb' }, 'TERM is dumb or not set'],
  ])('%s %o', async (redirection, env, sentence) => {
    const terminal = new PseudoTerminal({ columns: 200, env });
    await terminal.sees('ready>');
    const before = terminal.state();
    terminal.type(`${command} ${redirection}\r`);
    await terminal.sees(sentence);
    expect(terminal.state()).toEqual(before);
    expect(terminal.sent).not.toContain('\u001b[?1049h');
  });
});
