import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { aCommand, aCommandHome, type Answer } from './command.ts';
import { aGuideBank, type GuideBank } from './guide-bank.ts';
import { listHost } from './runs.ts';
import { anSshServer, type SshServer } from './ssh-server.ts';

/** A demo bank and an OpenSSH server that stands in its inventory, under each of these names. */
export type HostedBank = AsyncDisposable & {
  readonly bank: GuideBank;
  readonly server: SshServer;
  /** A home whose key signs in to the server. */
  readonly home: string;
  readonly bursar: (...args: string[]) => Promise<Answer>;
};

export const aHostedBank = async (...names: readonly string[]): Promise<HostedBank> => {
  const [bank, server] = await Promise.all([aGuideBank(), anSshServer()]);
  const home = aCommandHome();
  writeFileSync(path.join(home, 'config.json'), JSON.stringify({ remote: { keyFile: server.keyFile } }));
  for (const name of names) await listHost(bank, server, name);
  return {
    bank,
    server,
    home,
    bursar: aCommand({ url: bank.url, home, environment: { BURSAR_REASON: 'asked for by a test' } }),
    [Symbol.asyncDispose]: async () => {
      await bank[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
};
