import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { safe } from '../domain/safe-text.ts';
import { readMigrations, type MigrationFile } from './migration-files.ts';
import { compare, ensureRecord, MigrationError, readRecord, recordTable, refuseToGoOn, type MigrationStatus } from './migration-record.ts';

/** The number that Prisma's schema engine locks, so that its command line and ours never work at the same time. */
const migrationLock = 72_707_369;
const lockPatienceMs = 30_000;
const lockPollMs = 50;
/** active_sql_transaction: a statement that cannot run inside a transaction. */
const needsNoTransaction = '25001';

const nameHolder = async (connection: ClientBase): Promise<string> => {
  const { rows } = await connection.query<{ who: string }>(
    `SELECT format('%s, process %s', coalesce(nullif(a.application_name, ''), 'unnamed'), l.pid) AS who
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $1 AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [migrationLock],
  );
  return safe(rows[0]?.who ?? 'gone meanwhile');
};

const takeLock = async (connection: ClientBase, waitMs: number): Promise<void> => {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const { rows } = await connection.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [migrationLock]);
    if (rows[0]?.taken === true) return;
    if (Date.now() > deadline) {
      throw new MigrationError(`Somebody else is migrating this database (${await nameHolder(connection)}). Try again when they are done`);
    }
    await delay(lockPollMs);
  }
};

/** The limits of the session are meant for pages, and an earlier script may have left settings behind. */
const startSession = (connection: ClientBase) =>
  connection.query('RESET ALL; SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0');

/** A lost connection has given its lock and its transaction back by itself; what lost it is already being told. */
const ignoringLoss = (cleaning: Promise<unknown>): Promise<unknown> => cleaning.catch(() => undefined);

/**
 * Bookkeeping and script go as one simple query, which is one transaction: a console killed in the middle leaves either all of it
 * or nothing, and the next start goes on. Only what Postgres runs outside a transaction alone (CREATE INDEX CONCURRENTLY) goes in steps.
 */
const run = async (connection: ClientBase, id: string, { name, script, checksum }: MigrationFile): Promise<void> => {
  const begin = `INSERT INTO ${recordTable} (id, checksum, migration_name) VALUES ('${id}', '${checksum}', ${connection.escapeLiteral(name)});`;
  const finish = `UPDATE ${recordTable} SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = '${id}'`;
  try {
    await connection.query(`${begin}\n${script}\n;${finish}`);
  } catch (error) {
    if ((error as { code?: string }).code !== needsNoTransaction) throw error;
    for (const step of [begin, script, finish]) await connection.query(step);
  }
  if (connection.getTransactionStatus() !== 'I') throw new Error('it leaves a transaction open');
};

const recordFailure = async (connection: ClientBase, id: string, file: MigrationFile, message: string): Promise<void> => {
  // a script with a BEGIN of its own leaves the session inside a failed transaction
  await connection.query('ROLLBACK');
  await connection.query(
    `INSERT INTO ${recordTable} (id, checksum, migration_name, logs) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET logs = excluded.logs, finished_at = NULL`,
    [id, file.checksum, file.name, message],
  );
};

const applyOne = async (connection: ClientBase, file: MigrationFile): Promise<void> => {
  const id = randomUUID();
  await startSession(connection);
  try {
    await run(connection, id, file);
  } catch (error) {
    const { message } = error as Error;
    await ignoringLoss(recordFailure(connection, id, file, message));
    throw new MigrationError(`Migration ${safe(file.name)} failed: ${safe(message)}`, { cause: error });
  }
};

/** Compares a folder of migrations with what the database says was applied; changes nothing. */
export const migrationStatus = async (connection: ClientBase, directory: string): Promise<MigrationStatus> =>
  compare(await readMigrations(directory), await readRecord(connection));

export type MigrateOptions = {
  readonly waitMs?: number;
  /** The last one that is applied; all of them unless said. */
  readonly until?: string;
};

/** Applies what is pending, one migrator at a time, and gives the names. The connection must be one session, not a pool. */
export const migrate = async (
  connection: ClientBase,
  directory: string,
  { waitMs = lockPatienceMs, until }: MigrateOptions = {},
): Promise<string[]> => {
  const files = await readMigrations(directory);
  await takeLock(connection, waitMs);
  try {
    await ensureRecord(connection);
    const status = compare(files, await readRecord(connection));
    refuseToGoOn(status);
    const pending = files.filter(({ name }) => status.pending.includes(name) && (until === undefined || name <= until));
    for (const file of pending) await applyOne(connection, file);
    return pending.map(file => file.name);
  } finally {
    await ignoringLoss(connection.query(`RESET ALL; SELECT pg_advisory_unlock(${migrationLock})`));
  }
};
