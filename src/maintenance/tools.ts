import { spawn, type ChildProcess } from 'node:child_process';
import { access, constants, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { connectionSettings } from '../database/settings.ts';
import { safe } from '../domain/safe-text.ts';
import { WorkRefused } from './define-work.ts';

/** Postgres's own programs, of one version. */
export type PostgresTools = { readonly folder: string; readonly major: number; readonly version: string };

const needed = ['pg_dump', 'pg_dumpall', 'pg_restore'] as const;
/** Where Debian and Ubuntu put each version. */
const versionsFolder = '/usr/lib/postgresql';
const systemRoots = '/etc/ssl/certs/ca-certificates.crt';

type RunOptions = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What it reads; nothing unless said. */
  readonly input?: AsyncIterable<Buffer>;
  /** How much of what it prints is kept, in characters. */
  readonly keep?: number;
};

/** Its end, also where it is told to end: until then it may write, and what it writes into is neither removed nor let to somebody else. */
const ended = (child: ChildProcess, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('close', () => resolve());
    // what it started may hold its output open for long
    child.once('exit', () => {
      if (signal.aborted) resolve();
    });
    child.on('error', error => {
      if (child.pid === undefined) reject(error);
    });
  });

/** Runs a program to its end and gives what it printed. Throws WorkRefused, with its own words, unless it ends with 0. */
export const runProgram = async (
  program: string,
  args: readonly string[],
  { environment, signal, input, keep = 4_000 }: RunOptions,
): Promise<string> => {
  const child = spawn(program, args, {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', ...environment },
    signal,
  });
  let [printed, complained] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (printed = (printed + piece.toString('utf8')).slice(-keep)));
  child.stderr.on('data', (piece: Buffer) => (complained = (complained + piece.toString('utf8')).slice(-keep)));
  const closed = ended(child, signal);
  // A program that has seen enough closes its input; its end says whether that was right
  const feeding = pipeline(input ?? [], child.stdin).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
  await Promise.all([closed, feeding]);
  signal.throwIfAborted();
  if (child.exitCode === 0) return printed;
  const lines = complained.trim().split('\n');
  // The end alone may be hints and where it was: what went wrong was said before
  const first = lines.slice(0, -3).find(line => /\berror:/i.test(line));
  const words = [...(first === undefined ? [] : [first]), ...lines.slice(-3)].join(' | ');
  throw new WorkRefused(`${path.basename(program)} ended with ${child.exitCode ?? child.signalCode}: ${safe(words, { max: 600 })}`);
};

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

const versionsThere = async (): Promise<readonly string[]> => {
  const names = await readdir(versionsFolder).catch((): string[] => []);
  return names.map(name => path.join(versionsFolder, name, 'bin'));
};

/** Debian's wrapper chooses a version by clusters of its own, which may not be the server that is meant. */
const isWrapper = async (file: string): Promise<boolean> => path.basename(await realpath(file)) === 'pg_wrapper';

const toolsIn = async (folder: string, signal: AbortSignal): Promise<readonly PostgresTools[]> => {
  for (const name of needed) if (!(await isProgram(path.join(folder, name)))) return [];
  if (await isWrapper(path.join(folder, 'pg_dump'))) return [];
  const version = await runProgram(path.join(folder, 'pg_dump'), ['--version'], { signal });
  const major = Number(/\d+/.exec(version)?.[0] ?? 0);
  return [{ folder, major, version: version.trim() }];
};

/** The oldest tools that are not older than the server; undefined where there are none. With a folder given only that one counts. */
export const findTools = async (server: number, given: string | undefined, signal: AbortSignal): Promise<PostgresTools | undefined> => {
  const folders =
    given === undefined
      ? [...(process.env['PATH'] ?? '').split(':').filter(folder => path.isAbsolute(folder)), ...(await versionsThere())]
      : [given];
  const found: PostgresTools[] = [];
  for (const folder of new Set(folders)) found.push(...(await toolsIn(folder, signal)));
  return found.filter(({ major }) => major >= Math.floor(server / 10_000)).toSorted((a, b) => a.major - b.major)[0];
};

const certificatesOf = (url: URL): Readonly<Record<string, string>> => {
  const said = (parameter: string): string | undefined => url.searchParams.get(parameter) ?? undefined;
  const root = said('sslrootcert');
  const [certificate, key] = [said('sslcert'), said('sslkey')];
  return {
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: root === undefined || root === 'system' ? systemRoots : root,
    ...(certificate === undefined ? {} : { PGSSLCERT: certificate }),
    ...(key === undefined ? {} : { PGSSLKEY: key }),
  };
};

/** How Postgres's tools are told where to connect: by their environment alone, since everybody on the host reads arguments. */
export const postgresEnvironment = (address: string): Readonly<Record<string, string>> => {
  const { host, port, database, user, password, ssl } = connectionSettings(address, { applicationName: 'bursar maintain' });
  return {
    PGHOST: String(host),
    PGPORT: String(port),
    PGDATABASE: String(database),
    PGAPPNAME: 'bursar maintain',
    PGCONNECT_TIMEOUT: '10',
    PGOPTIONS: '-c TimeZone=UTC',
    ...(user === undefined ? {} : { PGUSER: user }),
    ...(typeof password === 'string' ? { PGPASSWORD: password } : {}),
    ...(ssl === false ? { PGSSLMODE: 'disable' } : certificatesOf(new URL(address))),
  };
};
