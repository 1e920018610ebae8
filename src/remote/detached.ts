import { RemoteError, type Connection } from './connection.ts';

/** Where runs live on a host, below the home of the account. */
const root = '.bursar';

/** A run's id on its host: it is a folder's name there. */
const idPattern = /^[a-z0-9][a-z0-9-]{0,79}$/;
const lockPattern = /^[a-z0-9][a-z0-9._-]{0,79}$/;

/** What is known of a run on its host. */
export type DetachedState =
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly code: number }
  /** Another run on that host held the lock: this one never began. */
  | { readonly kind: 'locked' }
  /** It ended well, and the disk was full at its end: its log, or what it wrote, may be cut off. */
  | { readonly kind: 'full' }
  /** Its process is gone and left no state, as after a crash of the host. */
  | { readonly kind: 'vanished' }
  /** Nothing was ever started under this id. */
  | { readonly kind: 'absent' };

/** What the log holds from an offset on, and how the run stands. */
export type Followed = { readonly state: DetachedState; readonly piece: Buffer; readonly size: number };

const timeoutMs = 30_000;
/** Octets of a log that are fetched at once. */
const mostAtOnce = 262_144;
/** What a script says besides. */
const mostBesides = 1_024;

/*
 * The scripts are constants; ids, locks and words come as arguments and are never part of a script. `mkdir` lets a run begin once, whoever
 * asks for it how often. The state is written aside, synced and renamed: it is there whole or not at all, and where it cannot be written the run has vanished. What
 * cannot write down who it is does not begin: its folder goes again. The descriptor of the lock is closed for the program, so that what it leaves behind does
 * not hold it.
 */
const startScript = String.raw`
set -eu
umask 077
root=$1 id=$2 lock=$3
shift 3
mkdir -p "$root/runs" "$root/locks"
mkdir "$root/runs/$id" 2>/dev/null || { [ -d "$root/runs/$id" ] && echo exists || echo no room; exit 0; }
setsid sh -c '
  dir=$1 lock=$2
  shift 2
  settle() {
    # a program that does not look whether it could write ends well all the same
    [ "$1" != 0 ] || head -c 65536 /dev/zero > "$dir/room" 2> /dev/null || set -- full
    rm -f "$dir/room"
    printf "%s\n" "$1" > "$dir/state.part" || { rm -f "$dir/state.part"; return; }
    sync "$dir/state.part" 2>/dev/null || sync
    mv "$dir/state.part" "$dir/state"
    sync "$dir" 2>/dev/null || true
  }
  trap "[ -e \"\$dir/pid\" ] || [ -e \"\$dir/state\" ] || rm -rf \"\$dir\"" EXIT
  : > "$dir/log" || exit
  exec 9> "$lock" || exit
  flock -n 9 || { settle locked; exit 0; }
  printf "%s %s\n" "$$" "$(cut -d " " -f 22 "/proc/$$/stat")" > "$dir/pid.part" || exit
  mv "$dir/pid.part" "$dir/pid"
  code=0
  "$@" > "$dir/log" 2>&1 < /dev/null 9>&- || code=$?
  settle "$code"
' bursar-run "$root/runs/$id" "$root/locks/$lock" "$@" > /dev/null 2>&1 < /dev/null &
until [ -e "$root/runs/$id/pid" ] || [ -e "$root/runs/$id/state" ]; do
  [ -d "$root/runs/$id" ] || { echo no room; exit 0; }
  sleep 0.02
done
echo begun
`;

const followScript = String.raw`
set -eu
dir=$1/runs/$2 from=$3 most=$4
if [ ! -d "$dir" ]; then echo absent 0; exit 0; fi
alive() { [ -e "$dir/pid" ] && read -r pid since < "$dir/pid" && [ "$(cut -d " " -f 22 "/proc/$pid/stat" 2>/dev/null || echo gone)" = "$since" ]; }
if [ -e "$dir/state" ]; then state=$(cat "$dir/state")
elif alive; then state=running
elif [ -e "$dir/state" ]; then state=$(cat "$dir/state")
elif [ ! -e "$dir/pid" ] && [ -z "$(find "$dir" -maxdepth 0 -mmin +1)" ]; then state=running
else state=vanished; fi
size=0
[ ! -e "$dir/log" ] || size=$(wc -c < "$dir/log")
echo "$state" "$size"
[ ! -e "$dir/log" ] || tail -c "+$((from + 1))" "$dir/log" | head -c "$most"
`;

const abortScript = String.raw`
set -eu
dir=$1/runs/$2 patient=$3
[ -e "$dir/pid" ] || { echo absent; exit 0; }
read -r pid since < "$dir/pid"
alive() { [ "$(cut -d " " -f 22 "/proc/$pid/stat" 2>/dev/null || echo gone)" = "$since" ]; }
if [ -e "$dir/state" ] || ! alive; then echo over; exit 0; fi
# the children first: their parent then writes the state itself
for child in $(cat /proc/"$pid"/task/*/children 2>/dev/null); do kill -TERM "$child" 2>/dev/null || true; done
if [ "$patient" = patient ]; then echo asked; exit 0; fi
for wait in 1 2 3 4 5 6 7 8 9 10; do [ -e "$dir/state" ] && break; sleep 0.5; done
if [ ! -e "$dir/state" ]; then
  kill -KILL -- "-$pid" 2>/dev/null || true
  { printf '137\n' > "$dir/state.part" && sync "$dir/state.part" && mv "$dir/state.part" "$dir/state"; } || rm -f "$dir/state.part"
fi
echo over
`;

const checked = (id: string, pattern: RegExp): string => {
  if (!pattern.test(id)) throw new Error(`${JSON.stringify(id)} names no run`);
  return id;
};

/** A host that was not asked for so much is not listened to: nobody knows where what it says would end. */
const runScript = async (connection: Connection, script: string, args: readonly string[]): Promise<Buffer> => {
  const answer = await connection.run(['sh', '-c', script, 'bursar', root, ...args], { timeoutMs, most: mostAtOnce + mostBesides });
  if (answer.isCut) throw new RemoteError({ kind: 'refused', message: 'the host said more than it was asked for' });
  if (answer.code !== 0)
    throw new RemoteError({ kind: 'refused', message: `the host refused: ${answer.errors.trim().slice(0, 300) || `code ${answer.code}`}` });
  return answer.octets;
};

/**
 * Starts a program under an id that outlives the connection. Safe to repeat: what was started under the id before goes on, and `begun` is false.
 * Of runs with the same lock one at a time runs on a host.
 */
export const startDetached = async (
  connection: Connection,
  { id, lock, words }: { readonly id: string; readonly lock: string; readonly words: readonly [program: string, ...rest: string[]] },
): Promise<{ readonly begun: boolean }> => {
  const answer = await runScript(connection, startScript, [checked(id, idPattern), checked(lock, lockPattern), ...words]);
  const word = answer.toString('utf8').trim();
  if (word === 'no room') throw new RemoteError({ kind: 'refused', message: 'the disk of the host is full: nothing was begun' });
  return { begun: word === 'begun' };
};

const stateOf = (word: string): DetachedState => {
  if (word === 'running' || word === 'locked' || word === 'full' || word === 'vanished' || word === 'absent') return { kind: word };
  if (!/^\d{1,3}$/.test(word))
    throw new RemoteError({ kind: 'refused', message: `the host says ${JSON.stringify(word.slice(0, 60))} of a run` });
  return { kind: 'ended', code: Number(word) };
};

/** How a run stands, and its log from an octet on, at most 256 KiB of it. */
export const followDetached = async (connection: Connection, id: string, from: number): Promise<Followed> => {
  const answer = await runScript(connection, followScript, [checked(id, idPattern), String(from), String(mostAtOnce)]);
  const end = answer.indexOf(10);
  const [word = '', size = ''] = answer.toString('latin1', 0, end).split(' ');
  return { state: stateOf(word), size: Number(size), piece: answer.subarray(end + 1) };
};

/** Ends a run: TERM first, KILL after five seconds; patiently only TERM, and it ends when it ends. Its state then tells how. */
export const abortDetached = async (connection: Connection, id: string, { patient = false } = {}): Promise<void> => {
  await runScript(connection, abortScript, [checked(id, idPattern), patient ? 'patient' : 'soon']);
};
