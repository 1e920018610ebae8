import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, RemoteError, type Connection } from '../../../src/remote/connection.ts';
import { heldMemory } from '../../support/held-memory.ts';
import { anSshServer, whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

const timeoutMs = 20_000;

describe.skipIf(whyNoSshServer !== undefined)('a command on a host', () => {
  let server: SshServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await anSshServer();
    connection = await connect(server.target);
  });
  afterAll(async () => {
    connection.close();
    await server[Symbol.asyncDispose]();
  });

  test('gives its code, its output and its errors apart', async () => {
    const answer = await connection.run(['sh', '-c', 'echo out; echo err >&2; exit 3'], { timeoutMs });
    expect(answer).toEqual({ code: 3, signal: null, octets: Buffer.from('out\n'), output: 'out\n', errors: 'err\n', isCut: false });
    expect((await connection.run(['cat'], { timeoutMs, input: 'given' })).output).toBe('given');
    expect(connection.handshakeMs).toBeGreaterThan(0);
  });

  test('gets every word as it is: hostile names have no effect in a shell', async () => {
    const mark = path.join(server.folder, 'effect');
    const words = [
      `$(touch ${mark})`, `\`touch ${mark}\``, `; touch ${mark}`, `& touch ${mark} &`, `| touch ${mark}`, `\n touch ${mark} \n`, `' ; touch ${mark} ; '`, `" ; touch ${mark} ; "`,
      `'"'"' ; touch ${mark}`, '${IFS}', '*', '~', '!!', '\\', "\\'", '-rf', '', ' ', '\t', 'ü ␛ 日本', '\u001B[31m', '#', '%s', '{a,b}', '<(id)', '> /tmp/x', `a'b"c$d\`e\\f`,
    ]; // prettier-ignore
    const listed = (await connection.run(['printf', '%s\\0', ...words], { timeoutMs })).output.split('\0').slice(0, -1);
    expect(listed).toEqual(words);
    expect(existsSync(mark)).toBe(false);
    console.info(`hostile words: ${words.length}, 0 effects`);
  });

  test('that never ends is told as such, and the connection goes on', async () => {
    await expect(connection.run(['sleep', '30'], { timeoutMs: 300 })).rejects.toMatchObject({ fault: { kind: 'timed-out' } });
    expect((await connection.run(['echo', 'still here'], { timeoutMs })).output).toBe('still here\n');
  });

  test('with 100 MB of output keeps the beginning, says so, and takes no memory for the rest', async () => {
    const before = heldMemory();
    let [octets, grown] = [0, 0];
    const answer = await connection.run(['head', '-c', '104857600', '/dev/zero'], {
      timeoutMs: 60_000,
      most: 4_096,
      onOutput: piece => {
        octets += piece.length;
        if (grown === 0 && octets > 90_000_000) grown = heldMemory() - before;
      },
    });
    expect([answer.code, answer.isCut, answer.output.length, octets]).toEqual([0, true, 4_096, 104_857_600]);
    expect(grown).toBeLessThan(40_000_000);
    console.info(`100 MB of output: ${Math.round(grown / 1_048_576)} MB more memory after 90`);
  });

  test('whose connection drops is told as lost: nobody knows what became of it', async () => {
    const file = path.join(server.folder, 'ran');
    writeFileSync(file, '');
    const cut = await connect(server.target);
    const running = cut.run(['sh', '-c', `echo begun >> '${file}'; sleep 20; echo ended >> '${file}'`], { timeoutMs });
    const told = running.then(
      () => 'an end',
      (error: unknown) => (error instanceof RemoteError ? error.fault.kind : error),
    );
    await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 60_000 }).toBe('begun\n');
    await server.cut();
    expect(await told).toBe('lost');
    cut.close();
    await server.start();
    connection = await connect(server.target);
  });

  test('over a connection that was lost before is told as lost as well', async () => {
    const connection = await connect(server.target);
    const told = connection.run(['sleep', '60'], { timeoutMs: 60_000 }).catch((error: unknown) => error);
    await server.cut();
    expect(await told).toMatchObject({ fault: { kind: 'lost' } });
    await expect(connection.run(['true'], { timeoutMs: 5_000 })).rejects.toMatchObject({
      fault: { kind: 'lost', message: expect.stringContaining('takes no commands') as string },
    });
  });
});
