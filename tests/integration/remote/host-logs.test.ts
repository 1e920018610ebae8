import { execFileSync } from 'node:child_process';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aGuideBank, type GuideBank } from '../../support/guide-bank.ts';
import { heldMemory } from '../../support/held-memory.ts';
import { twoHosts } from '../../support/runs.ts';
import { whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

vi.setConfig({ testTimeout: 120_000 });

const lines = (from: number, to: number): string =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `2026-11-21T10:00:00 ${index % 2 === 0 ? 'ERROR' : 'INFO'} line ${from + index}\n`,
  ).join('');

describe.skipIf(whyNoSshServer !== undefined)('logs of hosts', () => {
  let bank: GuideBank;
  let servers: readonly [SshServer, SshServer];
  let home: string;
  beforeAll(async () => {
    bank = await aGuideBank();
    servers = await twoHosts(bank);
    home = aCommandHome();
    const logs = servers.map(({ folder }) => path.join(folder, 'app.log'));
    for (const log of logs) writeFileSync(log, lines(1, 20));
    writeFileSync(path.join(home, 'config.json'), JSON.stringify({ remote: { keyFile: servers[0].keyFile }, platform: { logs } }));
  });
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    await bank[Symbol.asyncDispose]();
  });
  const logOf = (index: 0 | 1): string => path.join(servers[index].folder, 'app.log');
  const bursar = (...args: string[]) => aCommand({ url: bank.url, home })('hosts', 'logs', ...args);

  /** Follows until told to end; `text` is what was said so far. */
  const following = (...args: string[]) => {
    const end = new AbortController();
    const heard: string[] = [];
    const answer = aCommand({ url: bank.url, home, signal: end.signal, onWrite: text => void heard.push(text) })('hosts', 'logs', ...args, '--follow');
    const hears = (text: string) => expect.poll(() => heard.join(''), { timeout: 60_000 }).toContain(text);
    return { heard: () => heard.join(''), hears, end: () => (end.abort(), answer) };
  }; // prettier-ignore

  test('the newest lines of several hosts stand beside their names, by level and words; what may not be read is refused', async () => {
    const shown = await bursar('--hosts', 'web1,web2', '--file', logOf(0), '--level', 'error', '--words', 'LINE 1', '--last', '20');
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout.split('\n').filter(line => line.startsWith('web1 |'))).toEqual(
      [1, 11, 13, 15, 17, 19].map(number => `web1 | 2026-11-21T10:00:00 ERROR line ${number}`),
    );
    expect(await bursar('--hosts', 'web1', '--file', '/etc/shadow')).toMatchObject({ code: 3, stdout: '' });
    expect(await bursar('--hosts', 'web1', '--file', '/var/log/../../etc/shadow')).toMatchObject({ code: 2, stdout: '' });
    expect(await bursar('--hosts', 'web9', '--file', logOf(0))).toMatchObject({
      stderr: expect.stringContaining('no host web9') as string,
    });
    expect(await bank.value(`SELECT count(*) FROM ops.audit WHERE verb = 'export' AND entity = 'host'`)).not.toBe('0');
  });

  test('what is followed misses no line and shows none twice, through a dropped connection and a rotation; hostile text is shown and not obeyed', async () => {
    const follow = following('--hosts', 'web1', '--file', logOf(0), '--last', '1');
    await follow.hears('line 20');
    appendFileSync(logOf(0), `${lines(21, 60)}\u001B]52;c;aGk=\u0007 hostile \u202Etext\nbegun `);
    await follow.hears('hostile');
    await servers[0].cut();
    appendFileSync(logOf(0), `and ended\n${lines(61, 90)}`);
    renameSync(logOf(0), `${logOf(0)}.1`);
    writeFileSync(logOf(0), lines(91, 120));
    await servers[0].start();
    await follow.hears('line 120');
    const { code, stdout, stderr } = await follow.end();
    expect(code).toBe(0);
    for (const sign of ['\u001B', '\u0007', '\u202E']) expect(stdout).not.toContain(sign);
    expect(stdout).toContain('web1 | begun and ended\n');
    const numbers = [...stdout.matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 101 }, (_, index) => 20 + index));
    expect(stderr).toContain('looked for again');
    console.info('host logs: 101 lines through 1 dropped connection and 1 rotation, 0 missing, 0 twice');
  });

  test('a line whose beginning was not read is marked, a whole one is not, and the last one is told without an end too', async () => {
    const log = logOf(1);
    const once = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { code, stdout } = await bursar('--hosts', 'web2', '--file', log, ...args);
      expect(code).toBe(0);
      return stdout.split('\n').filter(Boolean).map(line => line.slice('web2 | '.length)); // prettier-ignore
    };
    // the newest 256 KiB begin within the first line, and within a character of it
    const tail = `end of it\nwhole\nwithout an end`;
    const kept = 262_144;
    writeFileSync(log, `INFO ${'x'.repeat(100)}é${'y'.repeat(kept - 1 - tail.length)}${tail}`);
    const [first = '', ...others] = await once('--last', '9');
    expect([first.slice(0, 4), others]).toEqual(['~yyy', ['whole', 'without an end']]);
    // exactly at the beginning of a line nothing is cut
    writeFileSync(log, `INFO before\n${'z'.repeat(kept - 1 - tail.length)}\n${tail}`);
    expect((await once('--last', '9'))[0]?.slice(0, 4)).toBe('zzzz');
    // whenever it is looked at first, it ends within a line
    writeFileSync(log, 'begun ');
    const follow = following('--hosts', 'web2', '--file', log, '--last', '0');
    await expect.poll(() => { appendFileSync(log, 'end\nbegun '); return follow.heard(); }, { timeout: 60_000, interval: 200 }).toContain('begun end'); // prettier-ignore
    expect((await follow.end()).stdout).toMatch(/^web2 \| ~end\nweb2 \| begun end\n/);
    writeFileSync(log, lines(1, 20));
  });

  test('several hosts are merged as they come; ending it leaves nothing running on them', async () => {
    const follow = following('--hosts', 'web1,web2', '--file', `${logOf(0)},${logOf(1)}`, '--last', '0', '--level', 'ERROR');
    await expect
      .poll(() => { appendFileSync(logOf(0), 'ERROR of the first\nINFO not wished for\n'); appendFileSync(logOf(1), 'ERROR of the second\n'); return follow.heard(); }, { timeout: 60_000, interval: 500 })
      .toMatch(/web1 app\.log \| ERROR of the first[\s\S]*web2 app\.log \| ERROR of the second|web2 app\.log \| ERROR of the second[\s\S]*web1 app\.log \| ERROR of the first/); // prettier-ignore
    const { code, stdout } = await follow.end();
    expect([code, stdout.includes('not wished for')]).toEqual([0, false]);
    // what was being read when it ended may still be ending
    const left = () =>
      execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
        .split('\n')
        .filter(args => args.includes(logOf(0)));
    await expect.poll(left, { timeout: 40_000 }).toEqual([]);
  });

  test('a flood fills no memory and a line without an end is cut', async () => {
    const log = logOf(1);
    const flood = 'x'.repeat(1_000_000);
    writeFileSync(log, `${lines(1, 60_000)}${flood}\nlast line\n`);
    const before = heldMemory();
    let [octets, grown] = [0, 0];
    const end = new AbortController();
    const answer = aCommand({
      url: bank.url, home, signal: end.signal,
      onWrite: text => {
        octets += text.length;
        if (!text.includes('last line')) return;
        grown = heldMemory() - before;
        end.abort();
      },
    })('hosts', 'logs', '--hosts', 'web2', '--file', log, '--last', '2000', '--follow'); // prettier-ignore
    expect((await answer).code).toBe(0);
    expect(octets).toBeGreaterThan(0);
    expect(grown / 1e6).toBeLessThan(40);
  });
});
