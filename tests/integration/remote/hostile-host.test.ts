import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSshKey } from '../../../src/demo/host/keys.ts';
import { connect, RemoteError, type RemoteTarget } from '../../../src/remote/connection.ts';
import { followDetached } from '../../../src/remote/detached.ts';
import { readLog } from '../../../src/remote/follow-log.ts';
import { fingerprintOfKey } from '../../../src/remote/host-key.ts';
import { aCommandHome } from '../../support/command.ts';
import { anSshServer, whyNoSshServer, type SshServer } from '../../support/ssh-server.ts';

/** A host that lets everybody in, answers every question whether it is there, and never agrees to a command. */
const aHostThatOnlyListens = async (): Promise<AsyncDisposable & { readonly target: RemoteTarget }> => {
  const { default: ssh2 } = await import('ssh2');
  const [hostKey, ownKey] = [await newSshKey('host'), await newSshKey('own')];
  const keyFile = path.join(aCommandHome(), 'key');
  writeFileSync(keyFile, ownKey);
  chmodSync(keyFile, 0o600);
  const server = new ssh2.Server({ hostKeys: [hostKey] }, client => {
    client.on('authentication', asked => asked.accept());
    client.on('session', () => undefined);
    client.on('error', () => undefined); // whoever connects leaves as soon as it is heard
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const key = ssh2.utils.parseKey(hostKey);
  if (key instanceof Error || Array.isArray(key)) throw new Error('the key that was just made is none');
  return {
    target: { at: { address: '127.0.0.1', port, user: 'bursar' }, pinned: fingerprintOfKey(key.getPublicSSH()), credentials: { keyFile } },
    [Symbol.asyncDispose]: async () => {
      await new Promise(resolve => server.close(resolve));
    },
  };
};

test('a host that never agrees to a command is not waited for without end', async () => {
  await using host = await aHostThatOnlyListens();
  const connection = await connect(host.target);
  try {
    await expect(connection.run(['true'], { timeoutMs: 200 })).rejects.toMatchObject({ fault: { kind: 'timed-out' } });
  } finally {
    connection.close();
  }
});

describe.skipIf(whyNoSshServer !== undefined)('a host that answers as it likes', () => {
  const answers = {
    flood: 'head -c 3000000 /dev/zero',
    nonsense: 'printf "sideways 12\\n"',
    signs: String.raw`printf "\033]0;title\007" >&2; exit 9`,
  };
  let servers: Record<keyof typeof answers, SshServer>;
  beforeAll(async () => {
    const flood = await anSshServer({ forced: answers.flood });
    const [nonsense, signs] = [await anSshServer({ like: flood, forced: answers.nonsense }), await anSshServer({ like: flood, forced: answers.signs })];
    servers = { flood, nonsense, signs };
  }); // prettier-ignore
  afterAll(async () => {
    for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
  });

  /** What becomes of a look at a run, and of one at a log. */
  const looks = async (which: keyof typeof answers): Promise<readonly unknown[]> => {
    const connection = await connect(servers[which].target);
    try {
      return (await Promise.allSettled([followDetached(connection, 'any-run', 0), readLog(connection, '/var/log/any', undefined, 10)])).map(
        end => (end.status === 'rejected' ? (end.reason as unknown) : end.value),
      );
    } finally {
      connection.close();
    }
  };

  test('with more than it was asked for: it is not kept, and not believed', async () => {
    const [run, log] = await looks('flood');
    expect(run).toMatchObject({ fault: { kind: 'refused', message: 'the host said more than it was asked for' } });
    expect(log).toMatchObject({ message: 'the host said more than it was asked for' });
  });

  test('with a word that says nothing: it is a fault of the host, not of the program', async () => {
    const [run, log] = await looks('nonsense');
    expect(run).toBeInstanceOf(RemoteError);
    expect(run).toMatchObject({ fault: { kind: 'refused', message: 'the host says "sideways" of a run' } });
    expect(log).toMatchObject({ message: 'the host answered something else than a log' });
  });

  test('with signs that a terminal would obey: they are shown', async () => {
    for (const look of await looks('signs')) expect(look).toMatchObject({ message: expect.stringContaining('␛]0;title␇') as string });
  });
});
