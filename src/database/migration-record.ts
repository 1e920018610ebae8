import type { ClientBase } from 'pg';
import { safe } from '../domain/safe-text.ts';
import { isUnchanged, type MigrationFile } from './migration-files.ts';

/** A migration that cannot go on before a person has decided something; the message says what. */
export class MigrationError extends Error {
  override name = 'MigrationError';
}

export type MigrationStatus = {
  applied: string[];
  pending: string[];
  /** Begun and not finished: nothing further is applied before somebody has looked. */
  failed: { name: string; log: string }[];
  /** Files that were changed after they had been applied. */
  edited: string[];
  /** In the database but not in this program: a newer Bursar was here. */
  unknown: string[];
};

export type MigrationRow = { migration_name: string; checksum: string; finished_at: Date | null; logs: string | null };

/** Where Prisma's command line looks. */
export const recordTable = 'public._prisma_migrations';

/** Column for column as Prisma makes it. */
const createTable = `CREATE TABLE IF NOT EXISTS ${recordTable} (
  id                  varchar(36) PRIMARY KEY NOT NULL,
  checksum            varchar(64) NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

/** Makes the table of applied migrations unless it is there; asks first, because IF NOT EXISTS still needs the right to create. */
export const ensureRecord = async (connection: ClientBase): Promise<void> => {
  if (!(await hasRecord(connection))) await connection.query(createTable);
};

const hasRecord = async (connection: ClientBase): Promise<boolean> => {
  const { rows } = await connection.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [recordTable]);
  return rows[0]?.found === true;
};

/** What was begun in this database and not declared rolled back. */
export const readRecord = async (connection: ClientBase): Promise<MigrationRow[]> => {
  if (!(await hasRecord(connection))) return [];
  const { rows } = await connection.query<MigrationRow>(
    `SELECT migration_name, checksum, finished_at, logs FROM ${recordTable} WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
  );
  return rows;
};

/** Holds the files of a folder against the rows of a database. */
export const compare = (files: MigrationFile[], rows: MigrationRow[]): MigrationStatus => {
  const begun = new Set(rows.map(row => row.migration_name));
  const finished = rows.filter(row => row.finished_at !== null);
  const fileOf = new Map(files.map(file => [file.name, file]));
  const checksumOf = new Map(finished.map(row => [row.migration_name, row.checksum]));
  return {
    applied: finished.map(row => row.migration_name),
    pending: files.filter(file => !begun.has(file.name)).map(file => file.name),
    failed: rows.filter(row => row.finished_at === null).map(row => ({ name: row.migration_name, log: row.logs ?? '' })),
    edited: files.filter(file => !isUnchanged(file, checksumOf.get(file.name) ?? file.checksum)).map(({ file }) => file),
    unknown: finished.filter(row => !fileOf.has(row.migration_name)).map(row => row.migration_name),
  };
};

const listed = (names: string[]): string => names.map(name => safe(name)).join(', ');

/** Throws when somebody has to decide something before anything further may be applied. */
export const refuseToGoOn = ({ failed, edited, unknown }: MigrationStatus): void => {
  const [first] = failed;
  if (first) {
    const name = first.name.replaceAll("'", "''");
    const mark = `UPDATE ${recordTable} SET rolled_back_at = now() WHERE migration_name = '${name}' AND finished_at IS NULL`;
    const reason = first.log.split('\n')[0] || 'it was interrupted';
    throw new MigrationError(
      `Migration ${safe(first.name)} failed earlier (P3009): ${safe(reason)}. Nothing further is applied. ` +
        `Undo what it left behind, then mark it as rolled back so that it is tried again: ${safe(mark)}`,
    );
  }
  if (edited.length > 0)
    throw new MigrationError(`Changed after it was applied: ${listed(edited)}. Restore it and write a new migration instead`);
  if (unknown.length > 0) throw new MigrationError(`The database was migrated by a newer Bursar (${listed(unknown)}). Update this one`);
};
