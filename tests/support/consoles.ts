import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished, vi } from 'vitest';
import { isAlive } from '../../src/database/local/processes.ts';

export type ConsoleProcess = { startedHere: boolean; url: string; leave: () => Promise<void>; kill: () => Promise<void> };

/** kill -9, seen through to the end. */
export const killProcess = async (pid: number | undefined): Promise<void> => {
  if (pid === undefined) throw new Error('there is no process to kill');
  process.kill(pid, 'SIGKILL');
  await vi.waitUntil(() => !isAlive(pid), { timeout: 60_000, interval: 5 });
};

/** A console in a process of its own that has only begun. */
export const beginConsole = (home: string): ChildProcess => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'console-process.ts'), home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
};

/** A console in a process of its own that is on its server. */
export const openConsole = async (home: string): Promise<ConsoleProcess> => {
  const child = beginConsole(home);
  if (!child.stdout) throw new Error('the console has no output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const leave = async () => {
    child.stdin?.end();
    await once(child, 'exit');
  };
  return { ...(JSON.parse(line) as { startedHere: boolean; url: string }), leave, kill: () => killProcess(child.pid) };
};
