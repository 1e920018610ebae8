import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { ClientConfig } from 'pg';

/** A database address that cannot or must not be used; the message says what to write instead. */
export class DatabaseUrlError extends Error {
  override name = 'DatabaseUrlError';
}

export type ConnectionWishes = {
  applicationName: string;
  readOnly?: boolean;
  /** 0 means none, for migrations and bulk loads. */
  statementTimeoutMs?: number;
};

/** A page takes milliseconds, a report a few seconds; what takes longer is stuck or a mistake. */
const usualStatementTimeoutMs = 10_000;
/** Shorter than the statement timeout, so that waiting for somebody else's lock is told apart from slow work. */
const lockTimeoutMs = 5_000;
/** A console that hangs inside a transaction holds locks on the bank; it loses them after this. */
const idleInTransactionMs = 15_000;
const connectTimeoutMs = 5_000;

const parseUrl = (url: string): URL => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    throw new DatabaseUrlError('DATABASE_URL is not a Postgres address. Write postgresql://user@host:5432/database');
  }
  return parsed;
};

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DatabaseUrlError('DATABASE_URL contains a % that begins no code. Write a percent sign itself as %25');
  }
};

const databaseOf = (url: URL): string => {
  const database = decoded(url.pathname.slice(1));
  if (database === '') throw new DatabaseUrlError('DATABASE_URL names no database. Write postgresql://user@host:5432/database');
  return database;
};

const hostOf = (url: URL): string => {
  const host = url.searchParams.get('host') ?? decoded(url.hostname);
  return host === '' ? 'localhost' : host.replace(/^\[(.*)\]$/, '$1');
};

const portOf = (url: URL): number => {
  const port = Number(url.searchParams.get('port') ?? (url.port || '5432'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new DatabaseUrlError('The port in DATABASE_URL is not a number from 1 to 65535');
  return port;
};

const isSocket = (host: string): boolean => host.startsWith('/');
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const readPem = (url: URL, parameter: string): string | undefined => {
  const path = url.searchParams.get(parameter);
  if (path === null || path === 'system') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new DatabaseUrlError(`${parameter} in DATABASE_URL names a file that cannot be read`);
  }
};

const verifiedTls = (url: URL): Exclude<ClientConfig['ssl'], boolean | undefined> => {
  const ca = readPem(url, 'sslrootcert');
  const cert = readPem(url, 'sslcert');
  const key = readPem(url, 'sslkey');
  return { rejectUnauthorized: true, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
};

/** Only verify-full proves who answers; pg itself would send everything in plain text when nothing is said. */
const tlsFor = (url: URL, host: string): ClientConfig['ssl'] => {
  const mode = url.searchParams.get('sslmode');
  if (mode === 'verify-full') return isSocket(host) ? false : verifiedTls(url);
  if (isSocket(host) || (isLoopback(host) && ['disable', 'allow', 'prefer', null].includes(mode))) return false;
  const said = mode === null ? 'says nothing about TLS' : `says sslmode=${encodeURIComponent(mode)}, which does not prove who answers`;
  throw new DatabaseUrlError(
    `DATABASE_URL ${said}. Write sslmode=verify-full at its end, ` +
      'and sslrootcert=/path/to/ca.pem besides unless a public authority signed the certificate',
  );
};

const sessionOptions = (url: URL, { readOnly, statementTimeoutMs }: ConnectionWishes): string => {
  const own = {
    TimeZone: 'UTC',
    statement_timeout: statementTimeoutMs ?? usualStatementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    // compiling a query takes longer than any page: the overview of five million transactions took 3 s with it and 0.1 s without
    jit: 'off',
    ...(readOnly && { default_transaction_read_only: 'on' }),
  };
  // the last word wins: what the address asks for must not undo what is always set
  return [url.searchParams.get('options') ?? '', ...Object.entries(own).map(([name, value]) => `-c ${name}=${value}`)].join(' ').trim();
};

/** What `pg` and Prisma's adapter need to connect: UTC, time limits, a name, and proven TLS unless the server is on this machine. */
export const connectionSettings = (address: string, wishes: ConnectionWishes): ClientConfig => {
  const url = parseUrl(address);
  const host = hostOf(url);
  const password = decoded(url.password);
  return {
    host,
    port: portOf(url),
    database: databaseOf(url),
    ...(url.username && { user: decoded(url.username) }),
    ...(password && { password }),
    ssl: tlsFor(url, host),
    application_name: wishes.applicationName,
    options: sessionOptions(url, wishes),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  };
};
