import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { safe } from '../../domain/safe-text.ts';
import { disownLockFiles, readPostmaster } from './postmaster.ts';
import { launch } from './processes.ts';
import type { Site } from './site.ts';
import { openSocketDirectory, socketPort } from './socket-directory.ts';

export type ServerSettings = Record<string, string>;

const pollMs = 10;
const logLimitBytes = 10_000_000;

const quoted = (directory: string): string => `"${directory.replaceAll('"', '""')}"`;

/** Given on the command line, so that a home made by an earlier version follows a newer one's settings. */
const settingsFor = (socketDirectory: string): ServerSettings => ({
  listen_addresses: '',
  port: String(socketPort),
  unix_socket_directories: quoted(socketDirectory),
  unix_socket_permissions: '0700',
  // money: an acknowledged posting survives a crash; said here so that no configuration file switches it off
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  max_connections: '200',
  shared_preload_libraries: 'pg_stat_statements',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %a ',
  // statements and row details hold names and amounts, and secrets by accident: they stay out of the log
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
});

const sizeOf = (file: string): Promise<number> =>
  stat(file)
    .then(({ size }) => size)
    .catch(() => 0);

const tailFrom = async (file: string, start: number): Promise<string> => {
  await using log = await open(file, 'r');
  const { size } = await log.stat();
  const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(Math.min(size - start, 20_000)), position: start });
  return buffer.toString('utf8', 0, bytesRead);
};

/** Why the server ended at once: two reasons pass by themselves, everything else must be told. */
const explainExit = (printed: string, logFile: string): void => {
  // another one began first, or sessions of a killed server are still noticing that it is gone
  if (/lock file .* already exists/.test(printed) || printed.includes('shared memory block')) return;
  const fatal = printed.split('\n').filter(line => /FATAL|PANIC|error/.test(line));
  throw new Error(`The database server does not start: ${safe(fatal.at(-1) ?? 'it said nothing')} (more in ${logFile})`);
};

const readyOrExited = async (child: ChildProcess, site: Site, report: (step: string) => void): Promise<'ready' | 'exited'> => {
  const begun = Date.now();
  let told = false;
  while (child.exitCode === null && child.signalCode === null) {
    const postmaster = await readPostmaster(site.dataDirectory);
    if (postmaster?.pid === child.pid && postmaster?.ready) return 'ready';
    if (!told && Date.now() - begun > 1500) {
      report('Waiting until the database has recovered');
      told = true;
    }
    await delay(pollMs);
  }
  return 'exited';
};

/** Starts the server so that it outlives this process; false means that it could not yet and is worth another try. Only in turn: see turns.ts. */
export const startPostgres = async (
  binDirectory: string,
  site: Site,
  settings: ServerSettings,
  report: (step: string) => void,
): Promise<boolean> => {
  const socketDirectory = await openSocketDirectory(site);
  const all = { ...settingsFor(socketDirectory), ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  await disownLockFiles(site.dataDirectory, socketDirectory);
  if ((await sizeOf(site.logFile)) > logLimitBytes) await rename(site.logFile, `${site.logFile}.1`);
  await using log = await open(site.logFile, 'a', 0o600);
  const { size } = await log.stat();
  const options: SpawnOptions = { detached: true, stdio: ['ignore', log.fd, log.fd] };
  const child = await launch(path.join(binDirectory, 'postgres'), ['-D', site.dataDirectory, ...args], options, site);
  child.unref();
  if ((await readyOrExited(child, site, report)) === 'ready') return true;
  explainExit(await tailFrom(site.logFile, size), site.logFile);
  return false;
};
