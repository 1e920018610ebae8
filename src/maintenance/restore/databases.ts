import { setTimeout as pause } from 'node:timers/promises';
import { openDirect, type Direct } from '../../database/direct.ts';
import { WorkRefused } from '../define-work.ts';
import { urlOfDatabase } from '../load.ts';

/** Where databases are renamed from: no database that is worked on. */
const maintenanceDatabase = 'postgres';

/** The database that an address names. */
export const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));

/** One connection without limits for as long as the work takes. The signal cuts it, whatever statement it waits for. */
export const withConnection = async <T>(url: string, work: (connection: Direct) => Promise<T>, signal?: AbortSignal): Promise<T> => {
  let lost: Error | undefined;
  const connection = await openDirect(url, { applicationName: 'bursar maintain', statementTimeoutMs: 0 }, error => (lost = error));
  const cut = (): void => void connection.end();
  signal?.addEventListener('abort', cut, { once: true });
  try {
    await connection.query('SET idle_in_transaction_session_timeout = 0');
    const result = await work(connection);
    if (lost) throw lost;
    return result;
  } finally {
    signal?.removeEventListener('abort', cut);
    await connection.end();
  }
};

/** A connection to the server beside the databases that are worked on. */
const onServer = <T>(url: string, work: (server: Direct) => Promise<T>): Promise<T> =>
  withConnection(urlOfDatabase(url, maintenanceDatabase), work);

export const adminUrlOf = (url: string): string => urlOfDatabase(url, maintenanceDatabase);

/** Of one database one restore, drill or removal of an old database runs at a time: "REST" in ASCII. Whoever is killed lets go of it. */
const restoreLock = 0x52_45_53_54;

/** A work that waits between its statements is alive: after so long another one is told so, in milliseconds. */
const patience = 3_000;
/** Of a killed work the statement under way comes to its end first, such as a drop that waits for the disk: so long, in milliseconds. */
const longestStatement = 60_000;
const lookEvery = 50;

const tryLock = async (server: Direct, name: string): Promise<boolean> =>
  (await server.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS taken', [restoreLock, name])).rows[0]?.taken ===
  true;

/** Whether whoever has the lock is in the middle of a statement. */
const isHolderBusy = async (server: Direct, name: string): Promise<boolean> => {
  const { rowCount } = await server.query(
    `SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 AND l.objid::bigint = hashtext($2)::bigint & 4294967295 AND a.state = 'active'`,
    [restoreLock, name],
  );
  return (rowCount ?? 0) > 0;
};

/** Does the work while nobody else restores this database. Throws WorkRefused where somebody does. */
export const alone = <T>(url: string, work: (server: Direct) => Promise<T>): Promise<T> =>
  onServer(url, async server => {
    const [name, began] = [databaseOf(url), Date.now()];
    while (!(await tryLock(server, name))) {
      const waited = Date.now() - began;
      if (waited > longestStatement || (waited > patience && !(await isHolderBusy(server, name))))
        throw new WorkRefused('another restore, drill or removal of an old database of this database runs now: nothing was done');
      await pause(lookEvery);
    }
    return work(server);
  });

export const isThere = async (server: Direct, name: string): Promise<boolean> =>
  (await server.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [name])).rowCount === 1;

/** Ends every session of a database but one; resolves when none is left. */
export const endSessions = async (server: Direct, name: string, except: number = 0): Promise<void> => {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { rowCount } = await server.query(
      'SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> $2',
      [name, except],
    );
    if (rowCount === 0) return;
    if (Date.now() > deadline) throw new WorkRefused(`sessions of ${name} do not end`);
    await server.query('SELECT pg_sleep(0.005)');
  }
};

export const admit = async (server: Direct, name: string, admitted: boolean): Promise<void> => {
  await server.query(`ALTER DATABASE ${server.escapeIdentifier(name)} ALLOW_CONNECTIONS ${admitted}`);
};

/** Drops a database and whatever sessions it has; nothing where there is none. */
export const dropDatabase = async (server: Direct, name: string): Promise<void> => {
  await server.query(`DROP DATABASE IF EXISTS ${server.escapeIdentifier(name)} WITH (FORCE)`);
};

/** What a person or a program noted about a database. */
export const remarkOn = async (server: Direct, name: string): Promise<string | undefined> => {
  const { rows } = await server.query<{ remark: string | null }>(
    `SELECT shobj_description(oid, 'pg_database') AS remark FROM pg_catalog.pg_database WHERE datname = $1`,
    [name],
  );
  return rows[0]?.remark ?? undefined;
};

/** Both renames happen or none; gives how long that took, in milliseconds. */
export const renameBoth = async (server: Direct, pairs: readonly (readonly [from: string, to: string])[]): Promise<number> => {
  const began = performance.now();
  await server.query('BEGIN');
  try {
    for (const [from, to] of pairs)
      await server.query(`ALTER DATABASE ${server.escapeIdentifier(from)} RENAME TO ${server.escapeIdentifier(to)}`);
    await server.query('COMMIT');
  } catch (error) {
    // a lost connection has rolled back by itself; the first error says why
    await server.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  return performance.now() - began;
};

/** In octets, as it lies on the disk. */
export const sizeOf = async (server: Direct, name: string): Promise<number> => {
  const { rows } = await server.query<{ size: string }>('SELECT pg_database_size($1)::text AS size', [name]);
  return Number(rows[0]?.size ?? 0);
};
