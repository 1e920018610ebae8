import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { program } from './program.ts';

/** `bursar daemon` as a process of its own. */
export type DaemonProcess = AsyncDisposable & {
  readonly child: ChildProcess;
  /** All that it wrote on both outputs. */
  readonly said: () => string;
  /** Ends it, and gives the exit code. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>;
  /** How it ended by itself. */
  readonly ended: Promise<number | null>;
};

export const aDaemon = ({ url, home }: { readonly url: string; readonly home: string }, ...args: readonly string[]): DaemonProcess => {
  const { PATH = '' } = process.env;
  const env = { PATH, LANG: 'C.UTF-8', BURSAR_HOME: home, DATABASE_URL: url };
  const child = spawn(process.execPath, [program, ...args, 'daemon'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  return {
    child, said: () => said, end, ended,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  }; // prettier-ignore
};
