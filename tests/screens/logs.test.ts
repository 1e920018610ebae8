import { execFileSync } from 'node:child_process';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { columnsOf } from '../../src/domain/safe-text.ts';
import { mostLines } from '../../src/tui/state/log-ring.ts';
import { logsIn } from '../support/log-states.ts';
import { openConsole, type TestConsole } from '../support/console.ts';
import { aGuideBank, arrive, type GuideBank } from '../support/guide-bank.ts';
import { full, report } from '../support/reliability.ts';
import { twoHosts } from '../support/runs.ts';
import { whyNoSshServer, type SshServer } from '../support/ssh-server.ts';

vi.setConfig({ testTimeout: 120_000 });

const lines = (from: number, to: number): string =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `2026-11-21T10:00:00 ${(from + index) % 5 === 0 ? 'ERROR' : 'INFO'} line ${from + index}\n`,
  ).join('');

/** Waits until these are on screen: what comes over SSH may take its time on a busy machine. */
const comes = async (console: TestConsole, ...texts: readonly (string | RegExp)[]): Promise<void> => {
  for (const text of texts) {
    const isThere = (frame: string): boolean => (typeof text === 'string' ? frame.includes(text) : text.test(frame));
    await expect.poll(() => console.frame(), { timeout: 60_000, interval: 20 }).toSatisfy(isThere, String(text));
  }
};

describe.skipIf(whyNoSshServer !== undefined)('logs of hosts on screen', () => {
  let bank: GuideBank;
  let servers: readonly [SshServer, SshServer];
  let log: string;
  beforeAll(async () => {
    bank = await aGuideBank();
    servers = await twoHosts(bank);
    log = path.join(servers[0].folder, 'app.log');
  });
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    await bank[Symbol.asyncDispose]();
  });

  const screen = async (): Promise<TestConsole> => {
    const console = await openConsole({ url: bank.url, pane: 'hosts', hosts: { keyFile: servers[0].keyFile, logs: [log] } });
    await arrive(console, 'hosts');
    return console;
  };
  /** Follows the log of the host under the cursor, or of the marked ones, from its newest lines on. */
  const follow = async (console: TestConsole, last = '100'): Promise<void> => {
    await console.press('L');
    await comes(console, 'Follow logs', log.slice(0, 20));
    await console.press('tab', 'tab', 'tab', '^u');
    await console.type(last);
    await console.press('enter');
  };
  const both = async (console: TestConsole): Promise<void> => {
    await console.press('space', 'j', 'space');
    await follow(console);
    await comes(console, /following web1.*web2|following web2.*web1/);
  };
  const haveAll = (console: TestConsole, last: number) =>
    expect.poll(() => ['web1', 'web2'].map(host => numbersOf(console, host).length), { timeout: 60_000 }).toEqual([last, last]);
  const textsOf = (console: TestConsole, host: string): readonly string[] =>
    logsIn(console.state).ring.lines.flatMap(line => (line.host === host && !line.isNote ? [line.text] : []));
  const numbersOf = (console: TestConsole, host: string): readonly number[] =>
    textsOf(console, host).flatMap(text => { const [, number] = /line (\d+)$/.exec(text) ?? []; return number === undefined ? [] : [Number(number)]; }); // prettier-ignore
  const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

  /** Connections that a server let in and has not yet seen the end of. */
  const openAt = (server: SshServer): number => {
    const lines = server.log().split('\n');
    const ports = (pattern: RegExp): readonly string[] =>
      lines.filter(line => pattern.test(line)).map(line => / port (\d+)/.exec(line)?.[1] ?? '');
    // the last: the client was gone before it had read all that was sent
    const ended = new Set(ports(/connection closed|disconnect|reset by peer|broken pipe/i));
    return ports(/^Accepted publickey/).filter(port => !ended.has(port)).length;
  };

  test('lines of two hosts come as they are written, by level and words; what is hostile is shown and not obeyed; who read is on record', async () => {
    writeFileSync(log, lines(1, 6));
    await using console = await screen();
    await both(console);
    await comes(console, 'web1 INFO', 'web2 INFO', 'line 6', '12 lines');
    appendFileSync(log, `CRITICAL 王小明 \u001B]52;c;aGk=\u0007\u001B[2J\u202Eend ${'é'.repeat(100)}\n`);
    await comes(console, 'CRITICAL 王小明 ␛]52;c;aGk=␇␛[2J\\u{202E}end é', '14 lines');
    for (const line of console.frame().split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(80);
    expect(console.clipboard).toBe('');
    await console.press('l');
    await comes(console, '> ERROR', '2 of 14 lines');
    await console.press('esc', '/');
    await console.type('LINE 1');
    await comes(console, '/LINE 1', '2 of 14 lines');
    await console.press('esc');
    await comes(console, '14 lines', 'following the end', ': go');
    await console.press(':');
    await console.type('notthere');
    await console.press('enter');
    await comes(console, 'there is no command notthere', 'CRITICAL 王小明');
    await console.press('esc');
    await comes(console, 'following the end');
    const [seen] = await bank.rows(
      `SELECT new->>'filter' AS filter, operator FROM ops.audit WHERE verb = 'export' AND entity = 'host' ORDER BY seq DESC LIMIT 1`,
    );
    expect(seen).toEqual({ filter: `logs ${log} of web1 web2`, operator: 'demo' });
    await console.press('esc');
    await comes(console, '2 marked', 'the logs are no longer followed');
    await expect.poll(() => [openAt(servers[0]), openAt(servers[1])], { timeout: 60_000 }).toEqual([0, 0]);
  });

  test('a line of a megabyte is cut with a mark, and read whole as far as it is kept', async () => {
    writeFileSync(log, 'INFO the first\n');
    await using console = await screen();
    await follow(console);
    await comes(console, 'INFO the first');
    appendFileSync(log, `INFO begins ${'x'.repeat(1_000_000)}\nINFO after it\n`);
    await comes(console, 'INFO after it', 'xx~');
    await console.press('k', 'enter');
    await comes(console, '> web1  app.log  INFO', 'INFO begins xxx');
    await console.press('G');
    await comes(console, 'the line is longer than 16,000 characters; the rest was left out');
    await console.press('esc', 'G');
    appendFileSync(log, 'INFO and more\n');
    await comes(console, 'INFO and more');
    expect(textsOf(console, 'web1').map(text => text.length)).toEqual([14, 16_000, 13, 13]);
  });

  test('the list does not move under the eye; a broken connection, a rotation and a lock lose no line and show none twice', async () => {
    writeFileSync(log, lines(1, 30));
    await using console = await screen();
    await both(console);
    await comes(console, '60 lines');
    await console.press('k', 'k');
    const eye = console.frame().split('\n').slice(2, 17);
    appendFileSync(log, lines(31, 60));
    await comes(console, '60 new, G');
    expect(console.frame().split('\n').slice(2, 17)).toEqual(eye);
    await console.press('G');
    await servers[1].cut();
    await comes(console, /web2: reconnecting (in \d+ s|now): /);
    appendFileSync(log, `${lines(61, 70)}begun `);
    renameSync(log, `${log}.1`);
    writeFileSync(log, lines(71, 80));
    await servers[1].start();
    await comes(console, 'app.log rotated');
    await haveAll(console, 80);

    expect(
      logsIn(console.state)
        .ring.lines.filter(line => line.isNote && line.host === 'web2')
        .map(({ text }) => text),
    ).toContain('it is there again');
    await console.press('^z');
    await comes(console, 'LOCKED since');
    for (const word of ['line', 'web1', 'app.log']) expect(console.frame()).not.toContain(word);
    await expect.poll(() => [openAt(servers[0]), openAt(servers[1])], { timeout: 60_000 }).toEqual([0, 0]);
    appendFileSync(log, lines(81, 90));
    await console.until(() => console.state.mode.kind === 'lock' && console.state.mode.lock.isKept, 'the database to lock');
    await console.press('enter');
    await comes(console, 'line 90');
    await haveAll(console, 90);
    for (const host of ['web1', 'web2']) {
      expect(numbersOf(console, host)).toEqual(upTo(90));
      // what stood without an end in the file before is a line of its own
      expect(textsOf(console, host)).toContain('begun ');
    }
  });

  test('a flood fills no memory and holds no key up; closing it leaves nothing on the host', async () => {
    const megabytes = full ? 100 : 1;
    writeFileSync(log, 'INFO the first\n');
    await using console = await screen();
    await follow(console);
    await comes(console, 'INFO the first');
    const line = `INFO ${'flood '.repeat(15)}\n`;
    for (let written = 0; written < megabytes; written += 1) appendFileSync(log, line.repeat(Math.floor(1_000_000 / line.length)));
    appendFileSync(log, 'INFO the last\n');
    const waits: number[] = [];
    let most = 0;
    const hasLast = (): boolean => logsIn(console.state).ring.lines.at(-1)?.text === 'INFO the last';
    while (!hasLast()) {
      const began = performance.now();
      await console.press('l');
      waits.push(performance.now() - began);
      most = Math.max(most, logsIn(console.state).ring.lines.length);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    expect(most).toBeLessThanOrEqual(mostLines);
    const [slowest = 0] = waits.toSorted((a, b) => b - a);
    report('logs on screen', {
      'MB in a burst': megabytes,
      'keys meanwhile': waits.length,
      'ms until the slowest was taken': Math.round(slowest),
      'lines held at most': most,
    });
    await console.press('^c');
    const left = () => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n').filter(args => args.includes(log)); // prettier-ignore
    await expect.poll(left, { timeout: 60_000 }).toEqual([]);
    await expect.poll(() => openAt(servers[0]), { timeout: 60_000 }).toBe(0);
  });

  test('a host with another key is refused and told while the other one is followed; a log that is not there is told; what may not be read is refused', async () => {
    writeFileSync(log, lines(1, 5));
    await servers[1].changeKey();
    await using console = await screen();
    await console.press('space', 'j', 'space', 'L');
    await console.press('^u');
    await console.type('/etc/shadow');
    await console.press('enter', 'enter', 'enter', 'enter');
    await comes(console, 'neither under /var/log nor a log of the profile');
    await console.press('esc');
    await follow(console);
    await comes(console, 'following web1', 'web2: given up: ', 'showed another key than the pinned one: noth', 'line 5');
    renameSync(log, `${log}.gone`);
    await comes(console, 'web1: app.log is not there');
    writeFileSync(log, lines(6, 7));
    await comes(console, 'line 7', 'following web1');
    expect(numbersOf(console, 'web1')).toEqual(upTo(7));
  });
});
