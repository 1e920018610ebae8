import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandLine } from '../../../src/remote/quote.ts';
import { connect, type Connection } from '../../../src/remote/connection.ts';
import { followDetached, startDetached, type DetachedState } from '../../../src/remote/detached.ts';
import { full, report, seed } from '../../support/reliability.ts';
import { randomFrom } from '../../../src/demo/random.ts';
import { anSshServer, whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Between the client and its host: forwards, until it forwards nothing more and closes nothing either. */
const aRelay = async (port: number) => {
  const pairs: [Socket, Socket][] = [];
  const server = createServer(inner => {
    const outer = connectSocket(port, '127.0.0.1');
    for (const socket of [inner, outer]) socket.on('error', () => undefined);
    inner.pipe(outer);
    outer.pipe(inner);
    pairs.push([inner, outer]);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address && typeof address === 'object' ? address.port : 0,
    /** What is open stays open, and nothing passes any more; what is opened from now on passes. */
    freeze: () => {
      for (const [inner, outer] of pairs.splice(0)) {
        inner.unpipe(outer).pause();
        outer.unpipe(inner).pause();
      }
    },
    close: () => server.close(),
  };
};

const untilEnded = async (connection: Connection, id: string): Promise<{ state: DetachedState; log: string }> => {
  let log = Buffer.alloc(0);
  for (;;) {
    const { state, piece } = await followDetached(connection, id, log.length);
    log = Buffer.concat([log, piece]);
    if (state.kind !== 'running' && piece.length === 0) return { state, log: log.toString() };
    await pause(50);
  }
};

describe.skipIf(whyNoSshServer !== undefined)('faults of hosts', () => {
  const made: string[] = [];
  const fresh = (): string => {
    const id = `test-${crypto.randomUUID()}`;
    made.push(id);
    return id;
  };
  let server: SshServer;
  beforeAll(async () => {
    server = await anSshServer();
  });
  afterAll(async () => {
    const connection = await connect(server.target);
    // the folder of runs is that of the account, which the test only borrows
    await connection.run(['sh', '-c', 'for id; do rm -rf ".bursar/runs/$id" ".bursar/locks/$id"; done', 'sh', ...made], {
      timeoutMs: 10_000,
    });
    connection.close();
    await server[Symbol.asyncDispose]();
  });

  test('a connection that is half open is given up; the run goes on and is followed to its end', async () => {
    const relay = await aRelay(server.at.port);
    const through = { ...server.target, at: { ...server.at, port: relay.port }, ...(full ? {} : { keepAliveMs: 400 }) };
    const id = fresh();
    // whoever asks so often takes a busy host for gone: only the connection that is cut does
    const plain = await connect(server.target);
    await startDetached(plain, { id, lock: id, words: ['sh', '-c', 'for i in 1 2 3 4 5 6; do echo "line $i"; sleep 0.5; done'] });
    plain.close();
    const before = await connect(through);
    const told = before.run(['sleep', '60'], { timeoutMs: 60_000 }).catch((error: unknown) => error);
    relay.freeze();
    const began = Date.now();
    expect(await told).toMatchObject({ fault: { kind: 'lost' } });
    const seconds = (Date.now() - began) / 1_000;
    const after = await connect({ ...server.target, at: through.at });
    expect(await untilEnded(after, id)).toEqual({
      state: { kind: 'ended', code: 0 },
      log: Array.from({ length: 6 }, (_, line) => `line ${line + 1}\n`).join(''),
    });
    after.close();
    relay.close();
    report('half-open connection', {
      'seconds until it was given up': seconds.toFixed(1),
      'seconds between questions': full ? 5 : 0.4,
      'runs lost': 0,
    });
  });

  test('what would change a shell is a word like any other', async () => {
    const connection = await connect(server.target);
    const count = full ? 10_000 : 1_000;
    const random = randomFrom(seed, 'hostile words');
    const marks = path.join(server.folder, 'effects');
    execFileSync('mkdir', [marks]);
    const pieces = [
      "'", '"', '`', '$', '\\', '\n', '\r', '\t', ' ', ';', '&', '|', '<', '>', '(', ')', '{', '}', '*', '?', '[', ']', '!', '#', '~', '=', '%', '^', '-', '--',
      '$(', '${', '$((', '<<', '>&2', '\u0001', '\u001b[31m', '\u202e', 'é', '漢', '😀', '..', '/', 'a', 'Z', '0',
      `touch ${marks}/x`, `$(touch ${marks}/y)`, `\`touch ${marks}/z\``, `; touch ${marks}/s;`, `| touch ${marks}/p`, `' ; touch ${marks}/q; '`, `" && touch ${marks}/d "`, `\n touch ${marks}/n\n`,
    ]; // prettier-ignore
    const words = Array.from({ length: count }, () => Array.from({ length: 1 + random.below(8) }, () => random.pick(pieces)).join(''));
    let wrong = 0;
    // as many at once as a command line may be long
    for (let at = 0; at < count; at += 100) {
      const part = words.slice(at, at + 100);
      const { output, code } = await connection.run(['printf', String.raw`%s\0`, ...part], { timeoutMs: 30_000 });
      const heard = output.split('\0').slice(0, -1);
      wrong += code === 0 ? part.filter((word, index) => heard[index] !== word).length : part.length;
    }
    // the same through the scripts that start what outlives its connection
    const id = fresh();
    const some = words.slice(0, 50);
    await startDetached(connection, { id, lock: id, words: ['printf', String.raw`%s\0`, ...some] });
    expect((await untilEnded(connection, id)).log.split('\0').slice(0, -1)).toEqual(some);
    const effects = readdirSync(marks).length;
    report('hostile words', { words: count, 'changed on their way': wrong, 'effects of a shell': effects });
    expect([wrong, effects]).toEqual([0, 0]);
    connection.close();
  });

  test('files may be called anything: nothing but they are touched', async () => {
    const connection = await connect(server.target);
    const folder = path.join(server.folder, 'names');
    execFileSync('mkdir', [folder]);
    const names = [
      '-rf',
      '--',
      '*',
      '$(touch oops)',
      '`touch oops`',
      "it's",
      'new\nline',
      ' blank ',
      '"quoted"',
      ';touch oops',
      '..\\..',
      '😀',
      '~',
      '#1',
    ];
    for (const name of names) writeFileSync(path.join(folder, name), 'kept');
    for (const name of names.slice(1)) {
      expect((await connection.run(['cat', '--', path.join(folder, name)], { timeoutMs: 10_000 })).output).toBe('kept');
    }
    await connection.run(['rm', '--', path.join(folder, '*')], { timeoutMs: 10_000 });
    expect(readdirSync(folder).toSorted()).toEqual(names.filter(name => name !== '*').toSorted());
    connection.close();
  });

  test('words that no shell could tell apart are refused before anything is sent', () => {
    for (const words of [['with\0nul'], ['-rf'], [''], ['PATH=x'], ['echo', 'with\0nul']] as const)
      expect(() => commandLine(words as readonly [string])).toThrow(/NUL|is no program/);
  });
});

describe.skipIf(whyNoSshServer !== undefined)('a host whose disk is full', () => {
  /** Every file that a session writes may have so many blocks of 512 octets: to whoever writes it is a full disk. */
  const withLimit = async (blocks: number) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'bursar-full-'));
    const server = await anSshServer({ forced: `trap "" XFSZ; ulimit -f ${blocks}; cd ${folder} && exec sh -c "$SSH_ORIGINAL_COMMAND"` });
    return {
      server,
      folder,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  };

  test('while the log is written: nobody calls that done, whether the program noticed or not; what was written is there', async () => {
    await using host = await withLimit(8);
    const connection = await connect(host.server.target);
    const lines = 'i=0; while [ $i -lt 3000 ]; do echo "line $i" 2>/dev/null; i=$((i+1)); done';
    const whole = Array.from({ length: 3_000 }, (_, line) => `line ${line}\n`).join('');
    const outcomes: DetachedState[] = [];
    for (const script of [`set -e; ${lines}`, `${lines}; exit 0`]) {
      const id = `test-${crypto.randomUUID()}`;
      await startDetached(connection, { id, lock: id, words: ['sh', '-c', script] });
      const { state, log } = await untilEnded(connection, id);
      outcomes.push(state);
      expect(log.length).toBeGreaterThan(1_000);
      expect(whole.startsWith(log) && log.length < whole.length).toBe(true);
    }
    connection.close();
    expect(outcomes).toEqual([{ kind: 'ended', code: expect.not.toSatisfy(code => code === 0) as number }, { kind: 'full' }]);
    report('disk full while a log is written', { runs: outcomes.length, 'called done': 0 });
  });

  test('before it begins: nothing is begun, nothing is left, and that is what is said', async () => {
    await using host = await withLimit(0);
    const connection = await connect(host.server.target);
    const [id, file] = [`test-${crypto.randomUUID()}`, path.join(host.folder, 'effect')];
    await expect(startDetached(connection, { id, lock: id, words: ['mkdir', file] })).rejects.toMatchObject({
      fault: { kind: 'refused', message: expect.stringContaining('disk of the host is full') as string },
    });
    expect(readdirSync(host.folder)).toEqual(['.bursar']);
    expect(readdirSync(path.join(host.folder, '.bursar', 'runs'))).toEqual([]);
    expect((await followDetached(connection, id, 0)).state).toEqual({ kind: 'absent' });
    connection.close();
  });
});
