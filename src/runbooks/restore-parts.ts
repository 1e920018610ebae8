import { endsItselfLine, undoneCode } from '../domain/ending-itself.ts';
import { runWord } from '../domain/run.ts';
import type { RunStep } from '../kit/define-runbook.ts';

/**
 * Each part of a restore: killed it goes on at once where it was; asked to end it is told so and waited for, since it undoes or finishes what it began; and where it
 * could not any more, or was never begun, what the parts before it left is undone. A trap waits for whatever runs in the foreground, so that the part does not.
 */
const partScript = `${endsItselfLine}
run=$1 asked= part=
shift
trap 'asked=yes; [ -z "$part" ] || kill -TERM "$part" 2> /dev/null' TERM
go() {
  "$@" &
  part=$!
  [ -z "$asked" ] || kill -TERM "$part" 2> /dev/null
  while wait "$part"; code=$?; kill -0 "$part" 2> /dev/null; do :; done
}
if [ "$0" != undo ]; then
  go "$@"
  [ "$code" -lt 128 ] || [ -n "$asked" ] || go "$@"
  [ -n "$asked" ] && [ "$code" -ge 128 ] || exit "$code"
fi
trap '' TERM
exec bursar maintain restore-abort --run "$run"`;

/** A work that is a run of its own: asked to end it is waited for as well, and where it was never begun there is nothing to undo. */
const wholeScript = `${endsItselfLine}
[ "$0" != undo ] || exit ${undoneCode}
exec "$@"`;

/** A step that is such a work. */
export const wholeOn = (host: string, title: string, flags: readonly string[], timeoutSeconds: number): RunStep => ({
  title,
  host,
  timeoutSeconds,
  words: ['sh', '-c', wholeScript, 'sh', 'bursar', 'maintain', ...flags],
});

type Part = { readonly title: string; readonly work: string; readonly flags?: readonly string[]; readonly timeoutSeconds: number };

/** A step that is a part of a restore. */
export const partOn = (host: string, { title, work, flags = [], timeoutSeconds }: Part): RunStep => ({
  title,
  host,
  timeoutSeconds,
  words: ['sh', '-c', partScript, 'sh', runWord, 'bursar', 'maintain', work, '--run', runWord, ...flags],
});
