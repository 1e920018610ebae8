import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { inject } from 'vitest';
import { readPostmaster, stopPostmaster } from '../../src/database/local/postmaster.ts';

export type TestHome = AsyncDisposable & { path: string; serverPid: () => Promise<number | undefined> };

/** A home of its own for tests that start, stop or kill a server; whatever still runs there is stopped at the end. */
export const aHome = (): TestHome => {
  const home = path.join(inject('serverFolder'), `home-${randomUUID().slice(0, 8)}`);
  const data = path.join(home, 'data');
  return {
    path: home,
    serverPid: async () => (await readPostmaster(data))?.pid,
    [Symbol.asyncDispose]: async () => {
      await stopPostmaster(data);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
