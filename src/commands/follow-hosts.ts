import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ListedHost } from '../kit/hosts.ts';
import { connect, RemoteError, type Connection } from '../remote/connection.ts';
import { readLog, type LogPosition } from '../remote/follow-log.ts';
import { lineSplitter } from './log-lines.ts';
import type { CredentialsFor } from './remote-credentials.ts';

export type Following = {
  readonly credentialsFor: CredentialsFor;
  readonly files: readonly string[];
  /** Newest lines of each log to begin with. */
  readonly last: number;
  /** Otherwise the newest lines are all. */
  readonly follow: boolean;
  readonly fits: (line: string) => boolean;
  /** Resolves once the line was taken, so that a slow reader slows the reading and fills no memory. */
  readonly take: (host: string, file: string, line: string) => Promise<void>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Between two looks at logs that say nothing new, in milliseconds. */
  readonly everyMs?: number;
};

/** A host that cannot be reached is looked for again after so many milliseconds, at first and at last. */
const waits = { first: 500, last: 10_000 } as const;

type Log = { readonly file: string; readonly split: (piece: Buffer) => readonly string[]; at: LogPosition | undefined; absent: boolean };

const tell = (log: Log, state: string, host: string, say: Following['say']): void => {
  if (state === 'absent' && !log.absent) say(`${host}: ${log.file} is not there`);
  if (state === 'rotated' || state === 'truncated') say(`${host}: ${log.file} was ${state}; it goes on from its beginning`);
  log.absent = state === 'absent';
};

/** One look at all logs of a host; gives the octets that were new. */
const look = async (connection: Connection, host: string, logs: readonly Log[], { last, fits, take, say }: Following): Promise<number> => {
  let octets = 0;
  for (const log of logs) {
    const { state, piece, next } = await readLog(connection, log.file, log.at, last);
    tell(log, state, host, say);
    log.at = next;
    octets += piece.length;
    for (const line of log.split(piece)) if (fits(line)) await take(host, path.basename(log.file), line);
  }
  return octets;
};

/** Looks until there is nothing new, or for ever. The position outlives the connection: after a break no line is missing and none comes twice. */
const lookOn = async (connection: Connection, host: string, logs: readonly Log[], following: Following): Promise<void> => {
  const { follow, signal, everyMs = 1_000 } = following;
  while (!signal.aborted) {
    const octets = await look(connection, host, logs, following);
    if (octets > 0) continue;
    if (!follow) return;
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
};

/** Follows the logs of one host; false where it cannot be followed at all, as when its key changed. */
const followHost = async ({ name, at, pinned }: ListedHost, following: Following): Promise<boolean> => {
  const { signal, say, files, credentialsFor, follow } = following;
  const logs = files.map((file): Log => ({ file, split: lineSplitter(), at: undefined, absent: false }));
  for (let wait: number = waits.first; !signal.aborted; wait = Math.min(wait * 2, waits.last)) {
    let connection: Connection | undefined;
    const close = (): void => connection?.close();
    try {
      connection = await connect({ at, pinned, credentials: credentialsFor({ pinned }) });
      signal.addEventListener('abort', close);
      if (wait > waits.first) say(`${name}: it is there again`);
      wait = waits.first;
      await lookOn(connection, name, logs, following);
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      if (!(error instanceof RemoteError)) throw error;
      const isFinal = error.fault.kind === 'changed-key' || error.fault.kind === 'refused' || !follow;
      say(`${name}: ${error.message}${isFinal ? '' : '; it is looked for again'}`);
      if (isFinal) return false;
      await pause(wait, undefined, { signal }).catch(() => undefined);
    } finally {
      signal.removeEventListener('abort', close);
      connection?.close();
    }
  }
  return true;
};

/** Reads the logs of several hosts at once, each line as it comes. False where a host could not be read. */
export const followHosts = async (hosts: readonly ListedHost[], following: Following): Promise<boolean> =>
  (await Promise.all(hosts.map(host => followHost(host, following)))).every(Boolean);
