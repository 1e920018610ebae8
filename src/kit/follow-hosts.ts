import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { HostNews } from '../domain/host-news.ts';
import { restOfLine } from '../domain/log-lines.ts';
import { connect, RemoteError, type Connection, type CredentialsFor } from '../remote/connection.ts';
import { LogUnread, readLog, type LogPiece, type LogPosition } from '../remote/follow-log.ts';
import { lineSplitter } from '../remote/split-lines.ts';
import type { ListedHost } from './hosts.ts';

/** While somebody is away nothing is read and no connection is open; afterwards reading goes on where it was. */
type Rest = {
  /** Aborted when the next rest begins. */
  readonly begins: () => AbortSignal;
  /** Resolves when there is no rest. */
  readonly over: () => Promise<void>;
};

/** What whoever reads logs does with them. */
export type LogWatch = {
  /** Otherwise the newest lines are all. */
  readonly follow: boolean;
  /** Resolves once the line was taken, so that a slow reader slows the reading and fills no memory. */
  readonly take: (host: string, file: string, line: string) => Promise<void>;
  readonly tell: (host: string, news: HostNews) => void;
  readonly signal: AbortSignal;
  readonly rest?: Rest;
  /** Between two looks at logs that say nothing new, in milliseconds. */
  readonly everyMs?: number;
};

type Following = LogWatch & {
  readonly credentialsFor: CredentialsFor;
  readonly files: readonly string[];
  /** Newest lines of each log to begin with. */
  readonly last: number;
  readonly fits: (line: string) => boolean;
};

/** A host that cannot be reached is looked for again after so many milliseconds, at first and at last. */
const waits = { first: 500, last: 10_000 } as const;

type Log = {
  readonly file: string;
  readonly split: (piece: Buffer) => readonly string[];
  at: LogPosition | undefined;
  /** The next line is the rest of one. */
  isCut: boolean;
  state: LogPiece['state'];
};

const lineEnd = Buffer.from('\n');
const beginsAnew = (state: LogPiece['state']): boolean => state === 'rotated' || state === 'truncated' || state === 'replaced';

/** What stood without an end until now is a line of its own. */
const lastOf = (log: Log): readonly string[] => log.split(lineEnd).filter(line => line !== '');

/** The lines of a piece; one whose beginning was not asked for is marked, and never shown as if it were whole. */
const linesOf = (log: Log, { state, piece, isCut }: LogPiece): readonly string[] => {
  log.isCut ||= isCut;
  return marked(log, [...(beginsAnew(state) ? lastOf(log) : []), ...log.split(piece)]);
};

const marked = (log: Log, lines: readonly string[]): readonly string[] => {
  const [first, ...others] = lines;
  if (first === undefined || !log.isCut) return lines;
  log.isCut = false;
  const rest = restOfLine(first);
  return rest === undefined ? others : [rest, ...others];
};

const takeAll = async (host: string, { file }: Log, lines: readonly string[], { fits, take }: Following): Promise<void> => {
  for (const line of lines) if (fits(line)) await take(host, path.basename(file), line);
};

/** One look at all logs of a host; gives the octets that were new. */
const look = async (connection: Connection, host: string, logs: readonly Log[], following: Following): Promise<number> => {
  const { last, tell } = following;
  let octets = 0;
  for (const log of logs) {
    const piece = await readLog(connection, log.file, log.at, last);
    const lines = linesOf(log, piece);
    if (piece.state !== log.state || beginsAnew(piece.state)) tell(host, { kind: 'file', file: log.file, state: piece.state });
    log.state = piece.state;
    log.at = piece.next;
    octets += piece.piece.length;
    await takeAll(host, log, lines, following);
  }
  return octets;
};

/** Looks until there is nothing new, or until nobody wants more. The position outlives the connection: after a break no line is missing and none comes twice. */
const lookOn = async (
  connection: Connection,
  host: string,
  logs: readonly Log[],
  following: Following,
  awake: AbortSignal,
): Promise<void> => {
  const { follow, everyMs = 1_000 } = following;
  while (!awake.aborted) {
    const octets = await look(connection, host, logs, following);
    if (octets > 0) continue;
    if (!follow) {
      // Nothing more comes: what is written without an end is told as well
      for (const log of logs) await takeAll(host, log, marked(log, lastOf(log)), following);
      return;
    }
    await pause(everyMs, undefined, { signal: awake }).catch(() => undefined);
  }
};

/** Whether it would be no use to look for the host again. What is no fault of the host is thrown on. */
const isFinal = (error: unknown): boolean => {
  if (error instanceof RemoteError) return error.fault.kind === 'changed-key' || error.fault.kind === 'refused';
  if (error instanceof LogUnread) return true;
  throw error;
};

/** Follows the logs of one host; false where it cannot be followed at all, as when its key changed. */
const followHost = async ({ name, at, pinned }: ListedHost, following: Following): Promise<boolean> => {
  const { signal, rest, tell, files, credentialsFor, follow } = following;
  const logs = files.map((file): Log => ({ file, split: lineSplitter(), at: undefined, isCut: false, state: 'read' }));
  let wait: number = waits.first;
  for (let isAgain = false; !signal.aborted;) {
    await rest?.over();
    const awake = rest ? AbortSignal.any([signal, rest.begins()]) : signal;
    let connection: Connection | undefined;
    try {
      connection = await connect({ at, pinned, credentials: credentialsFor({ pinned }), signal: awake });
      tell(name, { kind: 'reached', again: isAgain });
      [wait, isAgain] = [waits.first, false];
      await lookOn(connection, name, logs, following, awake);
      if (!follow) return true;
    } catch (error) {
      if (awake.aborted) continue;
      const gaveUp = isFinal(error) || !follow;
      const why = error instanceof Error ? error.message : '';
      if (gaveUp) {
        tell(name, { kind: 'given-up', why });
        return false;
      }
      tell(name, { kind: 'lost', why, waitMs: wait });
      isAgain = true;
      await pause(wait, undefined, { signal: awake }).catch(() => undefined);
      wait = Math.min(wait * 2, waits.last);
    } finally {
      connection?.close();
    }
  }
  return true;
};

/** Reads the logs of several hosts at once, each line as it comes. False where a host could not be read. */
export const followHosts = async (hosts: readonly ListedHost[], following: Following): Promise<boolean> => {
  const end = new AbortController();
  const signal = AbortSignal.any([following.signal, end.signal]);
  try {
    return (await Promise.all(hosts.map(host => followHost(host, { ...following, signal })))).every(Boolean);
  } finally {
    end.abort(); // where one throws, nobody hears the others any more
  }
};
