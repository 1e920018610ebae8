import { spawn } from 'node:child_process';
import { leaveScreen } from './modes.ts';

/**
 * A shell that outlives us. It notes the terminal's modes before we change them and waits for the end of the pipe: when we have gone
 * without saying `off`, even by kill -9, it puts the modes back. Signals that end or stop our job must not end or stop it.
 */
const script = `
trap '' HUP INT QUIT TERM TSTP TTIN TTOU
exec 3<>/dev/tty || exit
saved=$(stty -g <&3) || exit
echo "$saved"
exec >&-
while read -r word; do state=$word; done
[ "$state" = on ] || exit
stty "$saved" <&3
printf '%s' "$1" >&3
`;

/** A shell that has not answered by then is not waited for. */
const patienceMs = 500;

export type Guard = {
  /** Whether the terminal is ours now and has to be put back if we vanish. */
  holds: (isOurs: boolean) => void;
  dismiss: () => void;
};

/** Starts the guard; ready when it has noted the terminal's modes, or when it turns out that there can be none. */
export const startGuard = async (): Promise<Guard> => {
  const child = spawn('/bin/sh', ['-c', script, 'bursar-guard', leaveScreen], { stdio: ['pipe', 'pipe', 'ignore'] });
  const { stdin, stdout } = child;
  // Without a shell or a controlling terminal there is no guard; all other ends are still ours to tidy up
  child.on('error', () => {});
  stdin.on('error', () => {});
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, patienceMs);
    const ready = (): void => {
      clearTimeout(timer);
      resolve();
    };
    stdout.once('data', ready);
    child.once('error', ready);
    child.once('exit', ready);
  });
  stdout.destroy();
  child.unref();
  return {
    holds: isOurs => {
      if (stdin.writable) stdin.write(isOurs ? 'on\n' : 'off\n');
    },
    dismiss: () => {
      if (stdin.writable) stdin.end('off\n');
    },
  };
};
