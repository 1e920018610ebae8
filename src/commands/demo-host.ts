import path from 'node:path';
import type { Config } from '../config.ts';
import { isConnectionLost } from '../database/fault.ts';
import { addressOfRunning } from '../database/local-server.ts';
import { hostConfig } from '../demo/host/content.ts';
import { readPorts } from '../demo/host/keys.ts';
import { placesOf } from '../demo/host/places.ts';
import type { Self } from '../demo/host/programs.ts';
import { registerHost } from '../demo/host/register.ts';
import { hostFingerprint, keepServingHost, prepareHost } from '../demo/host/serve.ts';
import { PlatformProfile } from '../domain/platform-profile.ts';
import type { Log } from './debug-log.ts';
import { withConnection } from './with-database.ts';

/** How this program is started again: from its sources where it was, else by its launcher. */
const selfOf = (migrations: string): Self => {
  const [, started = ''] = process.argv;
  const launcher = path.join(migrations, '..', '..', 'bin', 'bursar.js');
  return { node: process.execPath, program: started.endsWith(path.join('src', 'main.ts')) ? path.resolve(started) : launcher };
};

/** Makes the demo's host before anybody signs in, where there is none yet: its profile and its key are then known. */
export const makeDemoHost = async ({ home, databaseUrl }: Config, migrations: string): Promise<void> => {
  if (databaseUrl === undefined && hostFingerprint(placesOf(home)) === undefined) await prepareHost(home, selfOf(migrations));
};

/** What is known of the platform: what the configuration says, and where it says nothing in a demo, what the demo's host has. */
export const platformOf = ({ home, databaseUrl, platform }: Config, demo: boolean): Config['platform'] => {
  const places = placesOf(home);
  const ports = demo && databaseUrl === undefined && platform.health === undefined ? readPorts(places) : undefined;
  return ports ? PlatformProfile.parse(hostConfig(places, ports).platform) : platform;
};

type Serving = {
  readonly config: Config;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Hears when it is served, here or by another console. */
  readonly onServed?: () => void;
};

/**
 * Serves the one real host that a demo brings, where the demo lies in the embedded database and no other console serves it yet. Resolves when the signal says so; what
 * was begun there goes on.
 */
export const serveDemoHost = async ({ config, migrations, signal, log, onServed }: Serving): Promise<void> => {
  if (config.databaseUrl !== undefined) return;
  const fail = (what: string) => (error: unknown) => {
    if (!isConnectionLost(error)) log.write(what, { error });
  };
  await keepServingHost({
    home: config.home,
    self: selfOf(migrations),
    signal,
    register: async host => {
      const owner = await addressOfRunning(config.home);
      if (owner === undefined) return; // a server that was stopped is left alone: somebody restores it
      const isListed = await withConnection(owner, { name: 'demo host', readOnly: false }, connection =>
        registerHost(connection, host, platformOf(config, true)),
      );
      if (!isListed) log.write("the demo's host is not in the inventory", { why: 'another host has its name' });
    },
    onError: fail("the demo's host failed"),
    onServed: by => {
      if (by === 'us') log.write("serving the demo's host");
      onServed?.();
    },
  });
};

/** The fingerprint and the key of the demo's host, where there is one. */
export const demoHostKey = ({ home, databaseUrl }: Pick<Config, 'home' | 'databaseUrl'>) => {
  const places = placesOf(home);
  const fingerprint = databaseUrl === undefined ? hostFingerprint(places) : undefined;
  return fingerprint === undefined ? undefined : { fingerprint, keyFile: places.keyFile };
};

/** How long a command waits for the demo's host, in milliseconds; without it the host is unreachable, as any other may be. */
const servedWithin = 5_000;

/** Does some work while the demo's host is served: a command must not need an open console for it. Nothing changes where there is no demo. */
export const withDemoHost = async <T>(serving: Serving, demo: boolean, work: () => Promise<T>): Promise<T> => {
  if (!demo || serving.config.databaseUrl !== undefined) return work();
  const end = new AbortController();
  const served = Promise.withResolvers<void>();
  const late = setTimeout(served.resolve, servedWithin);
  const ended = serveDemoHost({ ...serving, signal: AbortSignal.any([end.signal, serving.signal]), onServed: served.resolve });
  try {
    await served.promise;
    return await work();
  } finally {
    clearTimeout(late);
    end.abort();
    await ended;
  }
};
