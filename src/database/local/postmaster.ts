import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, nameOf } from './processes.ts';
import { socketPort } from './socket-directory.ts';

/** What Postgres itself writes about its running server into `postmaster.pid`. */
export type Postmaster = { pid: number; socketDirectory: string; ready: boolean };

const pollMs = 10;
/** A fast shutdown ends all sessions at once and writes one checkpoint. */
const stopPatienceMs = 60_000;

const pidFileOf = (dataDirectory: string): string => path.join(dataDirectory, 'postmaster.pid');

const readLockFile = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES') {
      throw new Error(
        `The database in ${path.dirname(file)} belongs to another account. Run Bursar under that account or set BURSAR_HOME`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
};

/** The server that runs, or ran until it was killed, on this data; nothing after an orderly stop. */
export const readPostmaster = async (dataDirectory: string): Promise<Postmaster | undefined> => {
  const [pid, , , , socketDirectory = '', , , status = ''] = ((await readLockFile(pidFileOf(dataDirectory))) ?? '').split('\n');
  // a server that is just starting has written only the first lines
  return pid ? { pid: Number(pid), socketDirectory, ready: status.trim() === 'ready' } : undefined;
};

/** Process numbers are used again, above all in containers: is this one really the server on this data? */
export const isServerOf = async (pid: number, dataDirectory: string): Promise<boolean> => {
  if (!isAlive(pid) || path.basename(await nameOf(pid)) !== 'postgres') return false;
  if (process.platform !== 'linux') return true;
  try {
    const [at, data] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(dataDirectory)]);
    return at.ino === data.ino && at.dev === data.dev;
  } catch (error) {
    // one that may not be looked at is taken for the server: a second one on the same data would ruin it
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
};

/**
 * Lets Postgres start although the number in a dead server's lock files now belongs to some other living process. Postgres takes its
 * own parent for no server but still looks for survivors by the shared memory key in the same file, so only the number may change.
 */
export const disownLockFiles = async (dataDirectory: string, socketDirectory: string): Promise<void> => {
  for (const file of [pidFileOf(dataDirectory), path.join(socketDirectory, `.s.PGSQL.${socketPort}.lock`)]) {
    const written = await readLockFile(file);
    const pid = Number.parseInt(written ?? '', 10);
    if (written === undefined || !isAlive(pid) || (await isServerOf(pid, dataDirectory))) continue;
    await writeFile(file, written.replace(/^\d+/, String(process.pid)));
  }
};

/** Stops the server in an orderly way and waits until it has let go of the data. */
export const stopPostmaster = async (dataDirectory: string): Promise<void> => {
  const running = await readPostmaster(dataDirectory);
  if (!running || !(await isServerOf(running.pid, dataDirectory))) return;
  process.kill(running.pid, 'SIGINT');
  const deadline = Date.now() + stopPatienceMs;
  while ((await readPostmaster(dataDirectory))?.pid === running.pid) {
    if (!(await isServerOf(running.pid, dataDirectory))) return;
    if (Date.now() > deadline)
      throw new Error(`The database server (process ${running.pid}) is still stopping after ${stopPatienceMs / 1000} s`);
    await delay(pollMs);
  }
};
