import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GuideBank } from '../../support/guide-bank.ts';
import { aHostedBank, type HostedBank } from '../../support/hosted-bank.ts';
import { plantRun } from '../../support/runs.ts';
import { whyNoSshServer } from '../../support/ssh-server.ts';

vi.setConfig({ testTimeout: 120_000 });

describe.skipIf(whyNoSshServer !== undefined)('runs by command', () => {
  let hosted: HostedBank;
  let bank: GuideBank;
  beforeAll(async () => {
    hosted = await aHostedBank('web1', 'web2');
    ({ bank } = hosted);
  });
  afterAll(() => hosted[Symbol.asyncDispose]());
  const bursar = (...args: string[]) => hosted.bursar(...args);

  test('a runbook is started by its name and followed to its end', async () => {
    const started = await bursar('runs', 'start', 'host-report', '--hosts', 'web1', '--note', 'looked at by a test', '--yes', '--follow');
    expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/^queued run (\d+) .*\nrun \1 succeeded\n$/) as string });
    expect(await bursar('runs', 'start', 'no-such-thing')).toMatchObject({ code: 2, stderr: expect.stringContaining('runbook') as string });
    expect(await bursar('runs', 'start', 'host-report', '--nothing')).toMatchObject({ code: 2 });
    expect((await bursar('runs', 'start', 'host-report', '--hosts', 'web1', '--note', 'looked at by a test', '--dry-run')).stdout).toContain('web1: uname -a');
  });

  test('a transcript is what is kept, or the whole log from its host, held against its hash; harmless on a terminal', async () => {
    const run = await plantRun(bank, [
      { words: ['sh', '-c', 'i=0; while [ $i -lt 3000 ]; do echo "line $i of many"; i=$((i+1)); done; printf "\\033[31mred\\n"'] },
      { words: ['sh', '-c', 'echo second'], host: 'web2' },
    ]);
    expect(await bursar('runs', 'follow', run)).toMatchObject({ code: 0 });
    const kept = await bursar('runs', 'transcript', run);
    expect(kept).toMatchObject({ code: 0, stderr: expect.stringMatching(/step 1: the last 16,\d{3} of 5\d,\d{3} octets; --whole fetches all from web1/) as string });
    expect(kept.stdout).toContain('== step 2, step on web2: succeeded\nsecond\n');
    expect(kept.stdout).not.toContain('line 0 of many');

    const whole = await bursar('runs', 'transcript', run, '--whole');
    expect(whole).toMatchObject({ code: 0 });
    expect(whole.stdout).toContain('== step 1, step on web1: succeeded\nline 0 of many\nline 1 of many\n');
    expect(whole.stdout).toContain('line 2999 of many\n␛[31mred\n');
    expect(whole.stderr.match(/as it was followed/g)).toHaveLength(2);
    const text = Array.from({ length: 3_000 }, (_, index) => `line ${index} of many\n`).join('') + '\u001b[31mred\n';
    expect(whole.stderr).toContain(createHash('sha256').update(text).digest('hex'));

    const id = await bank.value('SELECT id FROM ops.run WHERE number = $1', [run]);
    const change = await plantRun(bank, [{ words: ['sh', '-c', 'sed -i s/second/sec0nd/ ".bursar/runs/$1/log"', 'sh', `${id}-2`] }]);
    expect(await bursar('runs', 'follow', change)).toMatchObject({ code: 0 });
    expect(await bursar('runs', 'transcript', run, '--whole', '--step', '2')).toMatchObject({
      code: 1, stdout: '== step 2, step on web2: succeeded\nsec0nd\n', stderr: expect.stringContaining('this is NOT the log that was followed') as string,
    });
    expect(await bursar('runs', 'transcript', run, '--step', '9')).toMatchObject({ code: 3 });
    expect(await bursar('runs', 'transcript', '999')).toMatchObject({ code: 3 });
  });

  test('after the first of two hosts a run pauses, and goes on by itself or when it is let', async () => {
    const run = await plantRun(bank, [{ words: ['true'] }, { words: ['true'], host: 'web2' }]);
    await bank.rows(
      `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true)) UPDATE ops.run_step s SET pause_after = true FROM off, ops.run r WHERE r.id = s.run_id AND r.number = $1 AND s.position = 1`,
      [run],
    );
    const following = bursar('runs', 'follow', run);
    const pausing = () => bank.value('SELECT ops.pausing_step(id) IS NOT NULL FROM ops.run WHERE number = $1', [run]);
    await expect.poll(pausing, { timeout: 80_000 }).toBe('true');
    const allowed = await bursar('runs', 'continue', run, '--note', 'the first one is well', '--yes');
    // A busy machine may take as long as the pause itself
    expect([0, 3]).toContain(allowed.code);
    expect(await following).toMatchObject({ code: 0 });
    const [row] = await bank.rows(
      `SELECT extract(epoch FROM (SELECT min(n.began_at) FROM ops.run_step n WHERE n.run_id = r.id AND n.position = 2) - s.finished_at) >= 9 AS whole, r.continued_at IS NOT NULL AS continued
         FROM ops.run r JOIN ops.run_step s ON s.run_id = r.id AND s.position = 1 WHERE r.number = $1`,
      [run],
    );
    // It waited its whole time, or somebody let it go on
    expect(row?.['whole'] === true || row?.['continued'] === true).toBe(true);
  });
}); // prettier-ignore
