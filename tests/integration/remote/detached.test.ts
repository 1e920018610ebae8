import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Connection } from '../../../src/remote/connection.ts';
import { abortDetached, followDetached, startDetached, type DetachedState } from '../../../src/remote/detached.ts';
import { full } from '../../support/reliability.ts';
import { anSshServer, whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

/** Seconds that the run lasts whose connection is cut at each of them. */
const seconds = full ? 60 : 5;

describe.skipIf(whyNoSshServer !== undefined)('a run on a host', () => {
  let server: SshServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await anSshServer();
    connection = await connect(server.target);
  });
  afterAll(async () => {
    // the folder of runs is that of the account, which the test only borrows
    await connection.run(['sh', '-c', 'rm -rf .bursar/runs/test-* .bursar/locks/test-*'], { timeoutMs: 10_000 });
    connection.close();
    await server[Symbol.asyncDispose]();
  });

  const fresh = (): string => `test-${crypto.randomUUID()}`;
  const ended = async (id: string, from = 0): Promise<{ state: DetachedState; log: string }> => {
    let log = Buffer.alloc(0);
    for (;;) {
      const { state, piece } = await followDetached(connection, id, from + log.length);
      log = Buffer.concat([log, piece]);
      if (state.kind !== 'running' && piece.length === 0) return { state, log: log.toString() };
      await pause(50);
    }
  };

  test('ends with its code and its whole log; what was never started is absent', async () => {
    const id = fresh();
    expect(await startDetached(connection, { id, lock: id, words: ['sh', '-c', 'echo one; echo two >&2; exit 7'] })).toEqual({
      begun: true,
    });
    expect(await ended(id)).toEqual({ state: { kind: 'ended', code: 7 }, log: 'one\ntwo\n' });
    expect((await followDetached(connection, fresh(), 0)).state).toEqual({ kind: 'absent' });
  });

  test('begins once, however often and from however many connections it is asked for', async () => {
    const id = fresh();
    const file = path.join(server.folder, id);
    const connections = await Promise.all(Array.from({ length: 8 }, () => connect(server.target)));
    const words = ['sh', '-c', 'echo ran >> "$1"; sleep 0.2', 'sh', file] as const;
    const answers = await Promise.all(connections.map(each => startDetached(each, { id, lock: id, words })));
    for (const each of connections) each.close();
    expect(answers.filter(({ begun }) => begun)).toHaveLength(1);
    expect((await ended(id)).state).toEqual({ kind: 'ended', code: 0 });
    expect(readFileSync(file, 'utf8')).toBe('ran\n');
  });

  test('of two with one lock the second never begins', async () => {
    const [first, second, lock] = [fresh(), fresh(), fresh()];
    const over = path.join(server.folder, 'over');
    await startDetached(connection, { id: first, lock, words: ['sh', '-c', 'until [ -e "$1" ]; do sleep 0.05; done', 'sh', over] });
    await startDetached(connection, { id: second, lock, words: ['echo', 'never'] });
    expect(await ended(second)).toEqual({ state: { kind: 'locked' }, log: '' });
    writeFileSync(over, '');
    expect((await ended(first)).state).toEqual({ kind: 'ended', code: 0 });
  });

  test(
    `goes on when the connection is cut at every second of ${seconds}: it runs once, and its log is the same octet for octet`,
    { timeout: 150_000 },
    async () => {
      const id = fresh();
      const file = path.join(server.folder, 'begins');
      writeFileSync(file, '');
      const script = `echo begun >> "$1"; i=0; while [ $i -lt ${seconds * 10} ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done`;
      await startDetached(connection, { id, lock: id, words: ['sh', '-c', script, 'sh', file] });
      let [log, cuts] = [Buffer.alloc(0), 0];
      for (let second = 0; second < seconds; second++) {
        await pause(1_000);
        await server.cut();
        cuts += 1;
        await server.start();
        connection = await connect(server.target);
        // whoever does not know what became of it asks again: that begins nothing
        expect(await startDetached(connection, { id, lock: id, words: ['sh', '-c', script, 'sh', file] })).toEqual({ begun: false });
        log = Buffer.concat([log, (await followDetached(connection, id, log.length)).piece]);
      }
      const { state, log: rest } = await ended(id, log.length);
      const whole = `${log.toString()}${rest}`;
      const expected = Array.from({ length: seconds * 10 }, (_, line) => `line ${line}\n`).join('');
      const same = (text: string) => createHash('sha256').update(text).digest('hex');
      expect([state, same(whole), readFileSync(file, 'utf8')]).toEqual([{ kind: 'ended', code: 0 }, same(expected), 'begun\n']);
      console.info(`runs whose connection is cut: ${cuts} cuts in a run of ${seconds} s, 1 begin, log of ${whole.length} octets identical`);
    },
  );

  test('that is aborted ends, its children with it', async () => {
    const id = fresh();
    await startDetached(connection, { id, lock: id, words: ['sh', '-c', 'sleep 60 & sleep 60; echo not reached'] });
    await abortDetached(connection, id);
    const { state, log } = await ended(id);
    expect([state.kind, log]).toEqual(['ended', expect.not.stringContaining('not reached')]);
    // aborting what is over changes nothing
    await abortDetached(connection, id);
    expect((await ended(id)).state).toEqual(state);
  });

  test('whose process was killed without a word has vanished: nobody calls that done', async () => {
    const id = fresh();
    await startDetached(connection, { id, lock: id, words: ['sleep', '60'] });
    const { output } = await connection.run(['sh', '-c', 'cut -d " " -f 1 ".bursar/runs/$1/pid"', 'sh', id], { timeoutMs: 5_000 });
    process.kill(-Number(output), 'SIGKILL');
    expect((await ended(id)).state).toEqual({ kind: 'vanished' });
  });
});
