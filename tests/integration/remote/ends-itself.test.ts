import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { endsItselfLine, undoneCode } from '../../../src/domain/ending-itself.ts';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aGuideBank, type GuideBank } from '../../support/guide-bank.ts';
import { full } from '../../support/reliability.ts';
import { listHost, plantRun } from '../../support/runs.ts';
import { anSshServer, whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

// each look at a run is a shell on the host, and a busy machine takes a second for one
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

/** Says that it was asked to end, goes on for a while, and ends with the code that it was given. A trap waits for whatever runs in the foreground. */
const script = `${endsItselfLine}
trap 'echo asked; until [ -e "$2" ]; do sleep 0.1; done; exit "$1"' TERM
echo "$0"
[ "$0" != undo ] || exit "$1"
touch "$3"
while :; do sleep 0.1; done`;

describe.skipIf(whyNoSshServer !== undefined)('a step that ends by itself', () => {
  let bank: GuideBank;
  let server: SshServer;
  let home: string;
  beforeAll(async () => {
    [bank, server] = await Promise.all([aGuideBank(), anSshServer()]);
    home = aCommandHome();
    writeFileSync(path.join(home, 'config.json'), JSON.stringify({ remote: { keyFile: server.keyFile } }));
    await listHost(bank, server, 'web1');
  });
  afterAll(async () => {
    await bank[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const bursar = (...args: string[]) => aCommand({ url: bank.url, home })(...args);
  const stepsOf = (run: string) =>
    bank.rows(
      `SELECT s.status, s.code, s.tail FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1 ORDER BY s.position`,
      [run],
    );
  const statusOf = async (run: string) => (await bank.rows('SELECT status FROM ops.run WHERE number = $1', [run]))[0]?.['status'];
  const abort = async (run: string): Promise<void> => {
    expect(await bursar('runs', 'abort', run, '--note', 'it was the wrong backup', '--yes')).toMatchObject({ code: 0 });
  };
  const places = (): readonly [goesOn: string, begun: string] => [
    path.join(server.folder, crypto.randomUUID()),
    path.join(server.folder, crypto.randomUUID()),
  ];

  const ends = [
    ['has undone everything', undoneCode, ['aborted', 'skipped'], 'aborted'],
    ['was past the point of going on', 0, ['succeeded', 'succeeded'], 'succeeded'],
    ['has failed', 1, ['failed', 'skipped'], 'failed'],
  ] as const;
  test.each(full ? ends : ends.slice(0, 1))(
    'is asked once, waited for, and ends as its code says: it %s',
    async (_words, code, steps, end) => {
      const [goesOn, begun] = places();
      const second = code === 0 ? [{ words: ['true'] }].slice(1) : [{ words: ['true'] }];
      const run = await plantRun(bank, [{ words: ['sh', '-c', script, 'sh', String(code), goesOn, begun] }, ...second]);
      const following = bursar('runs', 'follow', run);
      await expect.poll(() => existsSync(begun), { timeout: 60_000 }).toBe(true);
      await abort(run);
      await expect.poll(async () => (await stepsOf(run))[0]?.['tail'], { timeout: 60_000 }).toContain('asked');
      if (full) await new Promise(resolve => setTimeout(resolve, 8_000)); // longer than a program has that is killed
      expect([await statusOf(run), (await stepsOf(run))[0]?.['status']]).toEqual(['running', 'running']);
      writeFileSync(goesOn, '');
      await following;
      expect(await statusOf(run)).toBe(end);
      expect((await stepsOf(run)).map(({ status }) => status)).toEqual(steps.slice(0, second.length + 1));
      expect(readFileSync(goesOn, 'utf8')).toBe('');
      expect((await stepsOf(run))[0]?.['tail']).toBe('sh\nasked\n');
    },
  );

  test('that was never begun undoes what the steps before it left, where the run is aborted between them', async () => {
    const [goesOn, begun] = places();
    const run = await plantRun(bank, [{ words: ['true'] }, { words: ['sh', '-c', script, 'sh', String(undoneCode), goesOn, begun] }]);
    // as a console leaves it that dies between two steps, and somebody asks for the end before another console comes
    await bank.rows(
      `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true)),
            step AS (UPDATE ops.run_step s SET status = 'succeeded', began_at = now(), finished_at = now() FROM off, ops.run r
                      WHERE r.number = $1 AND s.run_id = r.id AND s.position = 1)
       UPDATE ops.run r SET status = 'running', began_at = now(), claims = 1, aborted_at = now(), aborted_by = 1 FROM off WHERE r.number = $1`,
      [run],
    );
    expect(await bursar('runs', 'follow', run)).toMatchObject({ code: 1, stdout: expect.stringContaining('aborted') as string });
    expect((await stepsOf(run)).map(({ status, tail }) => [status, tail])).toEqual([
      ['succeeded', ''],
      ['aborted', 'undo\n'],
    ]);
    expect(existsSync(begun)).toBe(false);
  });
});
