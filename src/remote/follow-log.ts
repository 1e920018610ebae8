import { logStates, type LogState } from '../domain/host-news.ts';
import { safe } from '../domain/safe-text.ts';
import type { Connection } from './connection.ts';

/** Where reading a log has got to: which file it was, whatever it is called by now, and octets of it that were read. */
export type LogPosition = { readonly inode: string; readonly offset: number };

/** A piece of a log, and where the next one begins. */
export type LogPiece = {
  readonly state: LogState;
  readonly piece: Buffer;
  /** It begins within a line, whose beginning was not asked for. */
  readonly isCut: boolean;
  readonly next: LogPosition | undefined;
};

/** The host answered, but with no log: its shell or its tools are others than those that are needed. */
export class LogUnread extends Error {
  override name = 'LogUnread';
}

const timeoutMs = 30_000;
/** Octets that are fetched at once. */
const mostAtOnce = 262_144;
/** What the script says before them. */
const mostBesides = 1_024;

/*
 * Reads and ends: nothing is left running on the host, so that nothing has to be ended there. A file that was renamed by logrotate is read to its end under its
 * new name before the new one is begun; nothing but a plain file is opened, because a pipe would never end. The script is constant; everything else is an argument.
 */
const script = String.raw`
set -eu
file=$1 inode=$2 offset=$3 most=$4 last=$5 state=read cut=
seen=$(stat -Lc '%i %s' -- "$file" 2>/dev/null) || { echo "absent 0 0"; exit 0; }
[ -f "$file" ] && [ -r "$file" ] || { echo "unreadable 0 0"; exit 0; }
now=${'$'}{seen% *} size=${'$'}{seen#* }
if [ -z "$inode" ]; then
  inode=$now
  from=$(( size > most ? size - most : 0 ))
  offset=$(( size - $(tail -c "+$((from + 1))" -- "$file" | head -c "$((size - from))" | tail -n "$last" | wc -c) ))
  [ "$offset" -eq 0 ] || [ -z "$(tail -c "+$offset" -- "$file" | head -c 1 | tr '\0' x)" ] || cut=' cut'
elif [ "$inode" != "$now" ]; then
  if [ "$(stat -Lc %i -- "$file.1" 2>/dev/null || true)" != "$inode" ]; then inode=$now offset=0 state=replaced
  elif [ "$(stat -Lc %s -- "$file.1")" -gt "$offset" ]; then file=$file.1
  else inode=$now offset=0 state=rotated; fi
elif [ "$size" -lt "$offset" ]; then offset=0 state=truncated; fi
echo "$state $inode $offset$cut"
tail -c "+$((offset + 1))" -- "$file" | head -c "$most"
`;

/** The log from a position on, at most 256 KiB of it; without one its newest lines. Throws RemoteError where the connection is gone: the position still holds. */
export const readLog = async (connection: Connection, file: string, from: LogPosition | undefined, last: number): Promise<LogPiece> => {
  const {
    code,
    errors,
    octets,
    isCut: isMore,
  } = await connection.run(
    ['sh', '-c', script, 'bursar', file, from?.inode ?? '', String(from?.offset ?? 0), String(mostAtOnce), String(last)],
    { timeoutMs, most: mostAtOnce + mostBesides },
  );
  if (code !== 0) throw new LogUnread(`the log was not read: ${safe(errors.trim(), { max: 300 }) || `code ${code}`}`);
  if (isMore) throw new LogUnread('the host said more than it was asked for');
  const end = octets.indexOf(10);
  const [word = '', inode = '', offset = '', cut] = octets.toString('latin1', 0, end).split(' ');
  const piece = octets.subarray(end + 1);
  const state = logStates.find(known => known === word);
  if (state === 'absent' || state === 'unreadable') return { state, piece, isCut: false, next: from };
  if (state === undefined || !/^\d{1,20}$/.test(inode) || !/^\d{1,15}$/.test(offset))
    throw new LogUnread('the host answered something else than a log');
  return { state, piece, isCut: cut === 'cut', next: { inode, offset: Number(offset) + piece.length } };
};
