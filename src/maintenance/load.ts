import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { copyFrozenInto } from '../database/copy-across.ts';
import { openDirect, type Direct } from '../database/direct.ts';
import { migrate } from '../database/migrate.ts';
import { readMigrations } from '../database/migration-files.ts';
import { applyRights } from '../database/rights.ts';
import { dropForLoad, restoreAfterLoad, switchTriggers } from '../database/set-aside.ts';
import { WorkRefused } from './define-work.ts';
import { dumpFile } from './dump.ts';
import type { Manifest } from './manifest.ts';
import { tablesOf } from './snapshot.ts';
import { findTools, postgresEnvironment, runProgram } from './tools.ts';

export type LoadWishes = {
  readonly manifest: Manifest;
  /** Where the files of the manifest lie, not encrypted. */
  readonly folder: string;
  /** Of a login that may create databases, to any database of the server. */
  readonly adminUrl: string;
  /** Of the new database; there must be none of that name. */
  readonly name: string;
  /** By which the new database is known later. */
  readonly remark?: string;
  readonly tools: string | undefined;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number, words: string) => void;
};

const plainName = /^[a-z][a-z0-9_]{0,62}$/;

/** The same server and login, another database. */
export const urlOfDatabase = (address: string, name: string): string => {
  const url = new URL(address);
  url.pathname = `/${name}`;
  return url.href;
};

const withDirect = async <T>(url: string, work: (connection: Direct) => Promise<T>): Promise<T> => {
  let lost: Error | undefined;
  const connection = await openDirect(url, { applicationName: 'bursar load', statementTimeoutMs: 0 }, error => (lost = error));
  try {
    await connection.query("SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '30s'");
    const result = await work(connection);
    if (lost) throw lost;
    return result;
  } finally {
    await connection.end();
  }
};

const createDatabase = ({ adminUrl, name, remark, manifest: { locale } }: LoadWishes): Promise<void> =>
  withDirect(adminUrl, async connection => {
    const literals = [locale.encoding, locale.collate, locale.ctype].map(word => connection.escapeLiteral(word));
    await connection.query(
      `CREATE DATABASE ${connection.escapeIdentifier(name)} TEMPLATE template0 ENCODING ${literals[0]} LC_COLLATE ${literals[1]} LC_CTYPE ${literals[2]}`,
    );
    if (remark !== undefined)
      await connection.query(`COMMENT ON DATABASE ${connection.escapeIdentifier(name)} IS ${connection.escapeLiteral(remark)}`);
  });

/** Owners and rights are put on afterwards: the server may be another one, on which our roles are yet to be made. */
const byTools = async ({ manifest, folder, name, tools, signal, progress }: LoadWishes, url: string): Promise<void> => {
  const found = await findTools(manifest.server, tools, signal);
  if (!found)
    throw new WorkRefused(
      `this host has no pg_restore of version ${Math.floor(manifest.server / 10_000)} or newer, which ${manifest.name} needs`,
    );
  progress(0.05, `pg_restore ${found.major} loads into ${name}`);
  const args = [
    '--exit-on-error',
    '--jobs=2',
    '--no-owner',
    '--no-privileges',
    '--no-password',
    `--dbname=${name}`,
    path.join(folder, dumpFile),
  ];
  await runProgram(path.join(found.folder, 'pg_restore'), args, { environment: postgresEnvironment(url), signal });
};

const fillTables = async (connection: Direct, { manifest, folder, signal, progress }: LoadWishes): Promise<void> => {
  const tables = manifest.tables ?? [];
  const there = (await tablesOf(connection)).map(({ sql }) => sql);
  const strange = [
    ...there.filter(sql => !tables.some(({ table }) => table === sql)),
    ...tables.filter(({ table }) => !there.includes(table)).map(({ table }) => table),
  ];
  if (strange.length > 0) throw new WorkRefused(`the archive and its migrations differ in ${strange.join(', ')}`);
  await switchTriggers(connection, there, 'DISABLE');
  const aside = await dropForLoad(connection, { keysOf: there, indexesOf: there });
  // Migrations fill some: what they hold comes from the archive too
  await connection.query(`TRUNCATE ${there.join(', ')}`);
  for (const [index, { table, file, columns }] of tables.entries()) {
    progress(0.2 + (0.5 * index) / tables.length, `${table} is filled`);
    const names = columns.map(column => connection.escapeIdentifier(column));
    await pipeline(
      createReadStream(path.join(folder, file)),
      createGunzip(),
      copyFrozenInto(connection, `${table} (${names.join(', ')})`),
      { signal },
    );
  }
  await restoreAfterLoad(connection, aside, done => progress(0.7 + 0.25 * done, 'indexes and foreign keys are built'));
  for (const [name, { last, called }] of Object.entries(manifest.sequences))
    await connection.query('SELECT setval($1::regclass, $2::bigint, $3)', [name, last, called]);
  await switchTriggers(connection, there, 'ENABLE');
};

const byCopy = async (wishes: LoadWishes, url: string): Promise<void> => {
  const { manifest, migrations, progress } = wishes;
  const known = await readMigrations(migrations);
  if (!known.some(({ name }) => name === manifest.migration))
    throw new WorkRefused(`${manifest.name} was taken after ${manifest.migration}, which this Bursar does not know: update it`);
  await withDirect(url, async connection => {
    progress(0.05, `the schema is made as of ${manifest.migration}`);
    await migrate(connection, migrations, { until: manifest.migration });
    await connection.query("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = '30s'; BEGIN");
    await fillTables(connection, wishes);
    await connection.query('COMMIT');
  });
};

/**
 * Creates a database and fills it from the files of a backup; gives its address. Its schema stays that of the manifest. Killed half-way it leaves a
 * database of that name that nothing uses: drop it and begin again.
 */
export const loadDump = async (wishes: LoadWishes): Promise<string> => {
  const { manifest, adminUrl, name, progress } = wishes;
  if (!plainName.test(name)) throw new WorkRefused(`${name} is no name for a database`);
  const url = urlOfDatabase(adminUrl, name);
  await createDatabase(wishes);
  await (manifest.kind === 'dump' ? byTools(wishes, url) : byCopy(wishes, url));
  progress(0.95, 'owner and rights are put on');
  await withDirect(url, async connection => {
    await applyRights(connection);
    // Without statistics the first pages would be planned for empty tables
    await connection.query('ANALYZE');
  });
  progress(1, `${name} is filled`);
  return url;
};
