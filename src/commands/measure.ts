import type { Config } from '../config.ts';
import { isConnectionLost } from '../database/fault.ts';
import type { Reading } from '../domain/health.ts';
import { plainProbes, probeByBursar, readingsIn } from '../domain/host-probe.ts';
import type { HealthWatch } from '../kit/health.ts';
import type { HostReport, Hosts, ListedHost } from '../kit/hosts.ts';
import { keepLooking } from '../kit/keep-looking.ts';
import type { Session } from '../kit/session.ts';
import { connect, RemoteError, type Connection, type CredentialsFor } from '../remote/connection.ts';
import { addressOf, lastAnchor } from './anchors.ts';

/** Between two looks whether it is time, and before the first one, in milliseconds. */
const lookEvery = 20_000;
const lookAfter = 3_000;
/** Package lists take a slow host some seconds. */
const patience = 60_000;
const mostHeard = 262_144;
const hour = 3_600_000;

/** How long ago this home last noted the head of the audit log; nothing is missing where the head is still that one. */
export const anchorReading = async (config: Config, head?: string): Promise<Reading> => {
  const measure = 'audit-anchor';
  const last = await lastAnchor(config.home, addressOf(config));
  if (!last) return { measure, value: null, grade: 'warn', words: 'never anchored from this home' };
  const words = `row ${last.seq}, noted ${last.at.slice(0, 16).replace('T', ' ')}`;
  return last.hash === head
    ? { measure, value: 0, words: `${words}; nothing came since` }
    : { measure, value: Math.max(0, Date.now() - Date.parse(last.at)) / hour, words };
};

/** All that a host says of itself: by the Bursar that is there, or by plain commands that every Linux has. */
const listen = async (connection: Connection): Promise<readonly Reading[]> => {
  const wishes = { timeoutMs: patience, most: mostHeard };
  const own = await connection.run([...probeByBursar], wishes);
  const told = own.code === 0 ? readingsIn(own.output) : [];
  if (told.length > 0) return [{ measure: 'host-up', value: connection.handshakeMs, words: 'answers, with a Bursar of its own' }, ...told];
  const plain = await connection.run(['sh', '-s'], { ...wishes, input: plainProbes.map(({ script }) => script).join('\n') });
  return [
    { measure: 'host-up', value: connection.handshakeMs, words: 'answers by plain commands: it has no Bursar' },
    ...readingsIn(plain.output),
  ];
};

type Answered = { readonly report: HostReport; readonly readings: readonly Reading[] };

/** Asks one host; what is wrong with it is an answer too. */
export const askHost = async ({ at, pinned }: ListedHost, credentialsFor: CredentialsFor): Promise<Answered> => {
  try {
    const connection = await connect({ at, pinned, credentials: credentialsFor({ pinned }) });
    try {
      const readings = await listen(connection);
      return { report: { state: 'up', detail: null, latencyMs: connection.handshakeMs }, readings };
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const { kind, message } = error.fault;
    return {
      report: { state: kind, detail: message, latencyMs: null },
      readings: [{ measure: 'host-up', value: null, grade: 'bad', words: message }],
    };
  }
};

/** Asks hosts, all at once: one that does not answer takes its time for itself. Both what it said and whether it answered are kept. */
export const askHosts = async (
  watch: HealthWatch,
  inventory: Hosts,
  hosts: readonly ListedHost[],
  credentialsFor: CredentialsFor,
): Promise<void> => {
  await Promise.all(
    hosts.map(async host => {
      const { report, readings } = await askHost(host, credentialsFor);
      await inventory.report(host, report);
      await watch.report(host, readings);
    }),
  );
};

export type Measuring = {
  readonly session: () => Session;
  readonly config: Config;
  /** Undefined where this console has no key for hosts: it leaves them to others. */
  readonly credentialsFor: CredentialsFor | undefined;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
};

/** Measures beside a screen until the signal: the database, and the hosts where there is a key for them. */
export const keepHealth = async ({ session, config, credentialsFor, signal, onError }: Measuring): Promise<void> => {
  const wishes = {
    signal,
    firstAfterMs: lookAfter,
    everyMs: lookEvery,
    onError: (error: unknown): void => (isConnectionLost(error) ? undefined : onError(error)),
  };
  const database = async (watch: HealthWatch): Promise<void> => {
    if ((await watch.sample()) > 0) await watch.tell([await anchorReading(config)]);
  };
  // A loop of its own: the database is not measured later because a host is slow
  const hosts = async (watch: HealthWatch): Promise<void> => {
    const inventory = session().hosts;
    const claimed = credentialsFor && inventory ? await watch.claimHosts?.() : undefined;
    if (credentialsFor && inventory && claimed) await askHosts(watch, inventory, claimed, credentialsFor);
  };
  const now = (look: (watch: HealthWatch) => Promise<void>) => async (): Promise<void> => {
    const watch = session().health;
    if (watch) await look(watch);
  };
  await Promise.all([database, hosts].map(look => keepLooking(now(look), wishes)));
};
