import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fingerprintOfKey } from '../../remote/host-key.ts';
import { lookAtKey } from '../../remote/connection.ts';
import { hostConfig, makeContent } from './content.ts';
import { choosePorts, makeKeys, moveSsh, readPorts, writeWhole } from './keys.ts';
import { demoUser, placesOf, type DemoPorts, type Places } from './places.ts';
import { writePrograms, type Self } from './programs.ts';
import { openServer } from './server.ts';

/** Between two tries for the place of a console that serves the host, and between two looks at the inventory, in milliseconds. */
const turnPoll = 2_000;
const registerEvery = 10_000;

/** Makes everything that the demo's host consists of, where it is not there yet; cheap afterwards. */
export const prepareHost = async (home: string, self: Self): Promise<void> => {
  const places = placesOf(home);
  await makeKeys(places);
  const ports = readPorts(places) ?? (await choosePorts(places));
  await makeContent(places, ports);
  writeWhole(places.configFile, `${JSON.stringify(hostConfig(places, ports), null, 2)}\n`);
  writePrograms(home, places, self);
};

/** The fingerprint of the host's key; undefined before the first start. */
export const hostFingerprint = ({ hostKeyFile }: Places): string | undefined => {
  const file = `${hostKeyFile}.pub`;
  if (!existsSync(hostKeyFile) || !existsSync(file)) return undefined;
  const [, encoded = ''] = readFileSync(file, 'utf8').split(' ');
  return fingerprintOfKey(Buffer.from(encoded, 'base64'));
};

export type ServeWishes = {
  readonly home: string;
  readonly self: Self;
  readonly signal: AbortSignal;
  /** Sees to it that the inventory has the host so; called now and then, because a demo bank may be filled anew. */
  readonly register: (host: { readonly port: number; readonly fingerprint: string }) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Hears when the host is served, by this console or by another one. */
  readonly onServed?: (by: 'us' | 'others') => void;
};

/** Another console serves the host already: it shows the same key. */
const isServedBy = async (port: number, fingerprint: string): Promise<boolean> => {
  try {
    return (await lookAtKey({ address: '127.0.0.1', port, user: demoUser })).fingerprint === fingerprint;
  } catch {
    return false; // whatever listens there, it is no host of ours
  }
};

/** The service of the host begins with it, unless somebody stopped it. */
const startService = async ({ programs, stoppedFile }: Places): Promise<void> => {
  if (existsSync(stoppedFile)) return;
  await promisify(execFile)(`${programs}/systemctl`, ['start', 'bank'], { env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' } });
};

/** Serves until the signal; false at once where another console does. A port that a stranger has taken is left to it. */
const serveOnce = async (places: Places, wishes: ServeWishes): Promise<void> => {
  const { signal, register, onError, home, self, onServed } = wishes;
  const ports: DemoPorts = readPorts(places) ?? (await choosePorts(places));
  const fingerprint = hostFingerprint(places);
  if (fingerprint === undefined) return prepareHost(home, self);
  const server = await openServer(places, ports.ssh);
  if (!server) {
    if (await isServedBy(ports.ssh, fingerprint)) return onServed?.('others');
    if (readPorts(places)?.ssh === ports.ssh) await moveSsh(places, ports);
    return;
  }
  try {
    await prepareHost(home, self);
    const service = startService(places).catch(onError);
    const list = (): Promise<void> => register({ port: ports.ssh, fingerprint }).catch(onError);
    await list();
    onServed?.('us');
    // somebody else may have chosen another port meanwhile
    for (; !signal.aborted && readPorts(places)?.ssh === ports.ssh; await list()) {
      await pause(registerEvery, undefined, { signal }).catch(() => undefined);
    }
    await service;
  } finally {
    server.close();
  }
};

/** Serves the demo's host as long as no other console does; where that one ends, this one takes its place. */
export const keepServingHost = async (wishes: ServeWishes): Promise<void> => {
  const places = placesOf(wishes.home);
  while (!wishes.signal.aborted) {
    await serveOnce(places, wishes).catch(wishes.onError);
    await pause(turnPoll, undefined, { signal: wishes.signal }).catch(() => undefined);
  }
};
