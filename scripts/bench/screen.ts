import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openLocalServer } from '../../src/database/local-server.ts';
import { startTraffic } from '../../src/demo/traffic.ts';
import { percentile, type Figure } from './figure.ts';
import { WatchedProgram, type Size } from './watched-program.ts';

const root = path.join(import.meta.dirname, '..', '..');
const wide: Size = { columns: 200, rows: 50 };
const narrow: Size = { columns: 80, rows: 24 };

/** Postings a second, made by this process so that their cost is not taken for the screen's. */
const traffic = 5;
/** Milliseconds of silence that end what a key caused, as other programs were measured; targets are judged by it. */
const keyQuiet = 100;
/** And that end its first frame alone, without the detail or the refresh that may follow: told beside it, without a target. */
const frameQuiet = 30;
/** And after which whatever a key caused is over. */
const quiet = 300;
const presses = 100;
/** Keys typed at once. */
const moves = 200;
const idleSeconds = 20;
const starts = 7;

const firstFrame = /BURSAR|B U R S A R|DEMO/;
/** The place of the cursor stands above a list as soon as it is read. */
const rows = /\b1 of ~?\d/;

const figure = (what: string, value: number, unit: string, atMost?: number): Figure => ({
  group: 'screen',
  what,
  value,
  unit,
  ...(atMost !== undefined && { target: { kind: 'at most', value: atMost } }),
});

const sizeName = ({ columns, rows: lines }: Size): string => `${columns}x${lines}`;

const start = (home: string, size: Size): WatchedProgram =>
  new WatchedProgram(
    [path.join(root, 'node_modules', '.bin', 'node'), '--max-semi-space-size=16', path.join(root, 'bin', 'bursar.js')],
    size,
    { BURSAR_HOME: home, DATABASE_URL: '' },
  );

/** Interrupt asks whether to leave, and leaves. */
const leave = (program: WatchedProgram): Promise<void> => program.quit('\u0003\u0003');

/** One start: milliseconds to the first frame and to the first rows. */
const timeStart = async (home: string): Promise<{ readonly frame: number; readonly rows: number }> => {
  const program = start(home, wide);
  const frame = await program.settle(program.started, { quiet: 0, until: firstFrame });
  const read = await program.sees(rows, 120_000);
  await leave(program);
  return { frame: frame.shown, rows: read.shown };
};

const median = (samples: readonly number[]): number => percentile(samples, 0.5);

const measureFirstStarts = async (home: string): Promise<readonly Figure[]> => {
  const first = await timeStart(home);
  // Each of these starts the database again: the one before was the last to leave it
  const later: number[] = [];
  for (let left = 5; left > 0; left--) later.push((await timeStart(home)).rows);
  return [
    figure('first start, database and demo bank made: first frame', first.frame, 'ms'),
    figure('first start, database and demo bank made: rows', first.rows / 1_000, 's', 15),
    figure('later start, database started: rows, median', median(later), 'ms', 700),
  ];
};

const measureStarts = async (home: string): Promise<readonly Figure[]> => {
  const samples: { readonly frame: number; readonly rows: number }[] = [];
  for (let left = starts; left > 0; left--) samples.push(await timeStart(home));
  return [
    figure('start, database running: first frame, median', median(samples.map(sample => sample.frame)), 'ms', 250),
    figure('start, database running: rows, median', median(samples.map(sample => sample.rows)), 'ms', 400),
  ];
};

/** The list of transactions; its detail is beside it where there is room. */
const openTransactions = async (home: string, size: Size): Promise<WatchedProgram> => {
  const program = start(home, size);
  await program.sees(rows);
  await program.press('4', { quiet, until: /Transactions[^]*1 of ~?\d[^]*POSTED/ });
  return program;
};

type Presses = {
  readonly frame: readonly number[];
  readonly whole: readonly number[];
  readonly rest: readonly number[];
  readonly bytes: readonly number[];
};

const pressOften = async (program: WatchedProgram, keys: readonly string[]): Promise<Presses> => {
  const [frame, whole, rest, bytes]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let turn = 0; turn < presses; turn++) {
    const pressed = performance.now();
    const burst = await program.press(keys[turn % keys.length] ?? '', { quiet: frameQuiet, timeout: 1_000 });
    const answer = await program.settle(pressed, { quiet: keyQuiet, timeout: 1_200 });
    const all = await program.settle(pressed, { quiet: 250, timeout: 1_500 });
    frame.push(burst.last);
    whole.push(answer.last);
    bytes.push(burst.bytes);
    rest.push(all.last);
  }
  return { frame, whole, rest, bytes };
};

const measureKeys = async (program: WatchedProgram, size: Size, [p50, p95]: readonly [number, number]): Promise<readonly Figure[]> => {
  const live = await pressOften(program, ['j']);
  await program.press('p', { quiet });
  const scrolling = await pressOften(program, ['j']);
  await program.press('g', { quiet });
  const inside = await pressOften(program, 'jjjjjjjjjjkkkkkkkkkk'.split(''));
  await program.press('p', { quiet });
  const name = sizeName(size);
  return [
    figure(`${name} live: key to last byte, p50`, percentile(live.whole, 0.5), 'ms', p50),
    figure(`${name} live: key to last byte, p95`, percentile(live.whole, 0.95), 'ms', p95),
    figure(`${name} live: key to first frame alone, p95`, percentile(live.frame, 0.95), 'ms'),
    figure(`${name} paused, inside the page: key to last byte, p50`, percentile(inside.whole, 0.5), 'ms', p50),
    figure(`${name} paused, inside the page: key to last byte, p95`, percentile(inside.whole, 0.95), 'ms', p95),
    figure(`${name} paused, scrolling: key to last byte, p95`, percentile(scrolling.whole, 0.95), 'ms', p95),
    figure(`${name} paused, scrolling: key to first frame alone, p95`, percentile(scrolling.frame, 0.95), 'ms'),
    ...(size === wide ? [figure(`${name} paused: key to the detail beside the list, p50`, percentile(inside.rest, 0.5), 'ms')] : []),
    figure(`${name}: bytes of a row move, p50`, percentile(inside.bytes, 0.5), 'B', 400),
    figure(`${name}: bytes of a row move that scrolls the list, p50`, percentile(scrolling.bytes, 0.5), 'B'),
  ];
};

/** Two hundred keys at once must end where two hundred single ones do. */
const measureBurst = async (program: WatchedProgram, size: Size): Promise<Figure> => {
  // Rows that come meanwhile would move the end
  await program.press('p', { quiet });
  await program.press('g', { quiet, until: rows });
  const end = new RegExp(String.raw`\b${moves + 1} of ~?\d`);
  const burst = await program.press('j'.repeat(moves), { quiet, until: end, timeout: 5_000 });
  if (burst.shown < 0) throw new Error(`${moves} keys at once did not end at row ${moves + 1}:\n${program.text()}`);
  await program.press('p', { quiet });
  return figure(`${sizeName(size)}: ${moves} keys at once, until the right row shows`, burst.shown, 'ms', 300);
};

const measurePaging = async (program: WatchedProgram, size: Size): Promise<Figure> => {
  await program.press('g', { quiet, until: rows });
  const { whole } = await pressOften(program, ['\u0006']);
  return figure(`${sizeName(size)} live: key to new page on screen, p95`, percentile(whole, 0.95), 'ms', 30);
};

const watchIdle = async (program: WatchedProgram, what: string, atMost: number): Promise<readonly Figure[]> => {
  const [began, cpu, bytes] = [performance.now(), program.cpuSeconds(), program.bytes];
  await delay(idleSeconds * 1_000);
  const seconds = (performance.now() - began) / 1_000;
  return [
    figure(`${what}: processor time`, (100 * (program.cpuSeconds() - cpu)) / seconds, '%', atMost),
    figure(`${what}: output`, (program.bytes - bytes) / seconds, 'B/s', 600),
  ];
};

const measureIdle = async (program: WatchedProgram): Promise<readonly Figure[]> => {
  await program.press('g', { quiet, until: rows });
  const live = await watchIdle(program, `idle ${idleSeconds} s, live ${traffic}/s`, 3);
  await program.press('p', { quiet });
  const paused = await watchIdle(program, `idle ${idleSeconds} s, paused`, 1);
  await program.press('p', { quiet });
  return [...live, ...paused];
};

const measureMemory = async (program: WatchedProgram): Promise<readonly Figure[]> => {
  const wander = async (): Promise<number> => {
    for (let turn = 0; turn < 15; turn++) await program.press((turn % 2 ? 'k' : 'j').repeat(moves), { quiet: 100, timeout: 5_000 });
    return program.memory();
  };
  const half = await wander();
  const whole = await wander();
  return [figure('memory after 3,000 moves', half, 'MB'), figure('memory after 6,000 moves', whole, 'MB', 200)];
};

const measureLists = async (home: string, say: (text: string) => void): Promise<readonly Figure[]> => {
  say('Screen: keys at 200x50');
  const large = await openTransactions(home, wide);
  const figures = [...(await measureKeys(large, wide, [5, 10])), await measureBurst(large, wide), await measurePaging(large, wide)];
  say('Screen: idle');
  figures.push(...(await measureIdle(large)));
  say('Screen: memory');
  figures.push(...(await measureMemory(large)));
  await leave(large);
  say('Screen: keys at 80x24');
  const small = await openTransactions(home, narrow);
  figures.push(...(await measureKeys(small, narrow, [3, 6])), await measureBurst(small, narrow), await measurePaging(small, narrow));
  await leave(small);
  return figures;
};

/** The built program in a pseudo-terminal, on a demo bank of its own with live traffic. */
export const measureScreen = async (say: (text: string) => void): Promise<readonly Figure[]> => {
  const home = await mkdtemp(path.join(os.tmpdir(), 'bursar-bench-screen-'));
  await chmod(home, 0o755);
  try {
    say('Screen: first start');
    const first = await measureFirstStarts(home);
    const server = await openLocalServer({ home });
    const ended = new AbortController();
    const made = startTraffic(server.url, { perSecond: traffic, signal: ended.signal });
    try {
      say('Screen: starts with the database running');
      return [...first, ...(await measureStarts(home)), ...(await measureLists(home, say))];
    } finally {
      ended.abort();
      await made;
      await server.stop();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
};
