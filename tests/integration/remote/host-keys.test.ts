import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, lookAtKey, RemoteError, type RemoteTarget } from '../../../src/remote/connection.ts';
import { checkHostKey } from '../../../src/remote/host-key.ts';
import { anSshServer, whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

const timeoutMs = 10_000;

/** Connects and leaves a mark on the host; what went wrong, or that it was done. */
const leaveMark = async (target: RemoteTarget, file: string): Promise<string> => {
  try {
    const connection = await connect(target);
    try {
      await connection.run(['touch', file], { timeoutMs });
      return 'done';
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof RemoteError) return error.fault.kind;
    throw error;
  }
};

describe.skipIf(whyNoSshServer !== undefined)('the key of a host', () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await anSshServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('is shown as ssh-keygen shows it, without signing in', async () => {
    expect(await lookAtKey(server.at)).toEqual({ fingerprint: server.fingerprint, type: 'ssh-ed25519' });
    expect(server.log()).not.toContain('Accepted publickey');
  });

  test('lets commands through when it is the pinned one', async () => {
    const file = path.join(server.folder, 'pinned');
    expect(await leaveMark(server.target, file)).toBe('done');
    expect(existsSync(file)).toBe(true);
  });

  test('any other pin, also what is no fingerprint at all, sends nothing', async () => {
    const near = server.fingerprint.replace(/.$/, last => (last === 'A' ? 'B' : 'A'));
    const strange = [
      '',
      ' ',
      'SHA256:',
      '*',
      'null',
      `${server.fingerprint} `,
      server.fingerprint.toLowerCase(),
      near,
      server.fingerprint.slice(0, -1),
    ];
    const pins = [...strange, ...Array.from({ length: 11 }, () => `SHA256:${randomBytes(32).toString('base64').replace(/=+$/, '')}`)];
    const before = server.log().split('Accepted publickey').length;
    const outcomes: string[] = [];
    for (const pinned of pins) outcomes.push(await leaveMark({ ...server.target, pinned }, path.join(server.folder, 'wrong')));
    expect(new Set(outcomes)).toEqual(new Set(['changed-key']));
    expect(readdirSync(server.folder)).not.toContain('wrong');
    expect(server.log().split('Accepted publickey').length).toBe(before);
    console.info(`wrong pins: ${pins.length} tried, ${outcomes.filter(kind => kind !== 'changed-key').length} let through, 0 signed in`);
  });

  test('a verifier answers exactly true or false, whatever it is given', () => {
    const { verify } = checkHostKey(server.fingerprint);
    for (const key of [Buffer.alloc(0), Buffer.alloc(3), randomBytes(51), undefined, null, 'text', {}]) {
      expect(verify(key as Buffer)).toBe(false);
    }
  });

  test('that has changed is told with the key that was shown, and nothing is sent', async () => {
    const changed = await server.changeKey();
    const file = path.join(server.folder, 'changed');
    expect(await leaveMark(server.target, file)).toBe('changed-key');
    await expect(connect(server.target)).rejects.toMatchObject({ fault: { kind: 'changed-key', seen: changed } });
    expect(existsSync(file)).toBe(false);
    expect(server.log()).not.toContain('Accepted publickey');
  });

  test('an account that the host does not let in is told so; a key file that others can read is not used', async () => {
    const pinned = (await lookAtKey(server.at)).fingerprint;
    const stranger = { ...server.target, pinned, at: { ...server.at, user: 'nobody' } };
    expect(await leaveMark(stranger, path.join(server.folder, 'stranger'))).toBe('refused');
    chmodSync(server.keyFile, 0o644);
    await expect(connect({ ...server.target, pinned })).rejects.toThrow('can be read by others');
    chmodSync(server.keyFile, 0o600);
  });

  test('a host that is not there is unreachable', async () => {
    await server.cut();
    expect(await leaveMark(server.target, 'never')).toBe('unreachable');
  });
});
