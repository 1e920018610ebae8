import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { goTo, type GuideBank } from '../../support/guide-bank.ts';
import { aHostedBank, type HostedBank } from '../../support/hosted-bank.ts';
import { plantRun } from '../../support/runs.ts';
import { whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

// each look at a run is a shell on the host, and a busy machine takes a second for one
vi.setConfig({ testTimeout: 120_000 });

describe.skipIf(whyNoSshServer !== undefined)('runs on hosts', () => {
  let hosted: HostedBank;
  let bank: GuideBank;
  let server: SshServer;
  beforeAll(async () => {
    hosted = await aHostedBank('web1');
    ({ bank, server } = hosted);
  });
  afterAll(() => hosted[Symbol.asyncDispose]());

  const bursar = (...args: string[]) => hosted.bursar(...args);
  const stepsOf = (run: string) =>
    bank.rows(
      `SELECT s.status, s.code, s.tail, s.sha256 IS NOT NULL AS hashed FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1 ORDER BY s.position`,
      [run],
    );
  const fileOf = (name: string): string => {
    const file = path.join(server.folder, name);
    writeFileSync(file, '');
    return file;
  };

  test('a report of a host is asked for on screen, with its commands shown first, and executed; its transcript is kept and its end is in audit', async () => {
    await using console = await bank.screen('runs');
    await console.sees('Nothing is here yet');
    await console.press('x', 'h');
    await console.fill({ hosts: 'web1', note: 'looked at before the update' });
    await console.sees('web1: uname -a', 'nothing: it only reads');
    await console.confirm();
    await console.sees('[ok] queued run 1');

    expect(await bursar('runs', 'follow', '1')).toMatchObject({ code: 0, stdout: 'run 1 succeeded\n' });
    await goTo(console, 'runs');
    await console.sees('succeeded', '[########] 4/4');
    await console.press('d');
    await console.sees('Filesystem');
    expect((await stepsOf('1')).map(({ status, code, hashed }) => [status, code, hashed])).toEqual(
      Array.from({ length: 4 }, () => ['succeeded', 0, true]),
    );
    expect((await bank.trail('run', '1')).map(({ action, outcome }) => [action, outcome])).toEqual([
      ['runbooks.host-report', 'success'],
      ['runs.finish', 'success'],
    ]);
  });

  test('a log of octets that are no text is kept as far as it is one: the run ends, and a character that two looks share is whole', async () => {
    const script = `head -c 262143 /dev/zero | tr '\\0' x; printf 'é one\\0two\\nrefused: no\\0where\\n'; exit 3`;
    const run = await plantRun(bank, [{ words: ['sh', '-c', script] }]);
    expect(await bursar('runs', 'follow', run)).toMatchObject({ code: 1, stdout: expect.stringContaining('no␀where') as string });
    expect(await stepsOf(run)).toMatchObject([{ status: 'failed', code: 3, tail: expect.stringMatching(/xé one␀two\nrefused: no␀where\n$/) as string }]);
  }); // prettier-ignore

  test('what is searched for in a log is an argument and nothing else', async () => {
    const mark = path.join(server.folder, 'effect');
    const refused = await bursar(
      'runs',
      'search-log',
      '--hosts',
      'web1',
      '--file',
      '/var/log/../../etc/passwd',
      '--words',
      'x',
      '--note',
      'looked for by a test',
      '--yes',
    );
    expect(refused.code).toBe(2);
    const asked = await bursar(
      'runs',
      'search-log',
      '--hosts',
      'web1',
      '--file',
      '/var/log/dpkg.log',
      '--words',
      `$(touch ${mark})`,
      '--note',
      'looked for by a test',
      '--yes',
    );
    expect(asked).toMatchObject({ code: 0 });
    const [, number = ''] = /run (\d+)/.exec(asked.stdout) ?? [];
    expect((await bursar('runs', 'follow', number)).code).toBe(0);
    expect((await stepsOf(number))[0]?.['tail']).toBe('== /var/log/dpkg.log\nnothing was found\n');
    expect(() => readFileSync(mark)).toThrow('ENOENT');
  });

  test('a step that fails ends the run and the rest is skipped; one that takes too long is ended', async () => {
    const file = fileOf('after');
    const failing = await plantRun(bank, [{ words: ['sh', '-c', 'echo said; exit 4'] }, { words: ['touch', `${file}-never`] }]);
    expect(await bursar('runs', 'follow', failing)).toMatchObject({
      code: 1,
      stdout: `run ${failing} failed: step on web1: it ended with 4\n`,
    });
    expect((await stepsOf(failing)).map(({ status, tail }) => [status, tail])).toEqual([
      ['failed', 'said\n'],
      ['skipped', ''],
    ]);
    const slow = await plantRun(bank, [{ words: ['sleep', '60'], timeoutSeconds: 1 }]);
    expect(await bursar('runs', 'follow', slow)).toMatchObject({ code: 1 });
    expect((await stepsOf(slow)).map(({ status }) => status)).toEqual(['timed out']);
  });

  test('two consoles execute a run once, and what one of them left the other takes up by its id', async () => {
    const file = fileOf('once');
    const run = await plantRun(bank, [
      { words: ['sh', '-c', 'echo ran >> "$1"; sleep 1', 'sh', file] },
      { words: ['sh', '-c', 'echo ran >> "$1"', 'sh', file] },
    ]);
    const answers = await Promise.all([bursar('runs', 'follow', run), bursar('runs', 'follow', run), bursar('runs', 'follow', run)]);
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(readFileSync(file, 'utf8')).toBe('ran\nran\n');

    const [left, goesOn] = [fileOf('left'), path.join(server.folder, 'goes-on')];
    const script = 'echo begun >> "$1"; until [ -e "$2" ]; do sleep 0.1; done; echo ended >> "$1"';
    const second = await plantRun(bank, [{ words: ['sh', '-c', script, 'sh', left, goesOn] }]);
    const end = new AbortController();
    const leaving = aCommand({ url: bank.url, home: hosted.home, signal: end.signal })('runs', 'follow', second);
    await expect.poll(() => readFileSync(left, 'utf8'), { timeout: 40_000 }).toBe('begun\n');
    end.abort();
    expect((await leaving).code).toBe(5);
    // it gave its lease back, so that nobody waits for it
    expect(await bank.rows('SELECT lease_until FROM ops.run WHERE number = $1', [second])).toEqual([{ lease_until: null }]);
    writeFileSync(goesOn, '');
    expect(await bursar('runs', 'follow', second)).toMatchObject({ code: 0 });
    expect(readFileSync(left, 'utf8')).toBe('begun\nended\n');
    console.info('runs: 3 consoles at once, 1 execution; 1 left in the middle, taken up by its id, 0 begun twice');
  });

  test('the connection that drops in the middle is made again, and the run goes on as if nothing had been', async () => {
    const file = fileOf('dropped');
    const run = await plantRun(bank, [
      { words: ['sh', '-c', 'echo begun >> "$1"; for i in 1 2 3 4; do echo "line $i"; sleep 0.7; done', 'sh', file] },
    ]);
    const following = bursar('runs', 'follow', run);
    await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 40_000 }).toBe('begun\n');
    await server.cut();
    await server.start();
    expect(await following).toMatchObject({ code: 0 });
    expect([readFileSync(file, 'utf8'), (await stepsOf(run))[0]?.['tail']]).toEqual(['begun\n', 'line 1\nline 2\nline 3\nline 4\n']);
  });

  test('aborting ends what runs and skips the rest; of two dangerous ones with one target the second is refused', async () => {
    const run = await plantRun(bank, [{ words: ['sleep', '60'] }, { words: ['true'] }], { dangerous: true });
    await expect(plantRun(bank, [{ words: ['true'] }], { dangerous: true })).rejects.toThrow('run_one_dangerous_key');
    const following = bursar('runs', 'follow', run);
    await expect.poll(async () => (await stepsOf(run))[0]?.['status'], { timeout: 40_000 }).toBe('running');
    expect(await bursar('runs', 'abort', run, '--note', 'it was the wrong host', '--yes')).toMatchObject({ code: 0 });
    expect(await following).toMatchObject({ code: 1, stdout: expect.stringContaining('aborted') as string });
    expect((await stepsOf(run)).map(({ status }) => status)).toEqual(['aborted', 'skipped']);
    // what is over was not done
    expect((await bursar('runs', 'show', run)).stdout).toMatch(/\[\.+\] +0 % +0 of 2 steps succeeded/);
  });
});
