import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Site } from './site.ts';

type Runner = Pick<Site, 'account' | 'home'>;

/** Is there a process with this number? One of another account counts as well. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Tells a process from a later one with the same number; "0" where the system does not say. */
export const birthOf = async (pid: number): Promise<string> => {
  if (process.platform !== 'linux') return '0';
  // proc(5): the name in parentheses may hold anything, the start time is the 20th field after it
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
};

/** The command's name, or an empty string when it cannot be learned. */
export const nameOf = async (pid: number): Promise<string> => {
  if (process.platform === 'linux') return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  const listed = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => ({ stdout: '' }));
  return listed.stdout.trim();
};

/** Nothing of the console's environment reaches the server: it outlives the console, and PG* variables would bend it. */
const serverEnvironment = (): NodeJS.ProcessEnv => {
  const { PATH = '/usr/bin:/bin', LD_LIBRARY_PATH } = process.env;
  return { PATH, TZ: 'UTC', LC_ALL: 'C', ...(LD_LIBRARY_PATH !== undefined && { LD_LIBRARY_PATH }) };
};

const reasons: Record<string, (home: string) => string> = {
  EACCES: home =>
    `The database server's account cannot reach ${home}. Set BURSAR_HOME to a folder below one that everybody may enter, such as /var/lib`,
  ENOENT: () => 'The bundled Postgres does not run on this system (it needs glibc). Set DATABASE_URL to a Postgres 15 or newer',
  EPERM: () => 'This root account may not start a program under another account. Start Bursar as an ordinary user or set DATABASE_URL',
};

/** Starts one of the server's programs under the server's account, or says what to do when it cannot even be started. */
export const launch = async (program: string, args: string[], options: SpawnOptions, { account, home }: Runner): Promise<ChildProcess> => {
  try {
    const child = spawn(program, args, { cwd: '/', env: serverEnvironment(), ...options, ...account });
    await once(child, 'spawn');
    return child;
  } catch (error) {
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
    throw reason ? new Error(reason(home), { cause: error }) : error;
  }
};

/** Runs a program to its end and gives its exit code and all that it printed. */
export const runTool = async (program: string, args: string[], runner: Runner): Promise<{ code: number | null; output: string }> => {
  const child = await launch(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }, runner);
  const printed: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => printed.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => printed.push(chunk));
  await once(child, 'close');
  return { code: child.exitCode, output: Buffer.concat(printed).toString('utf8') };
};
