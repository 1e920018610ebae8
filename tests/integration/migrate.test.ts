import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { migrate, migrationStatus } from '../../src/database/migrate.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { aDatabase } from '../support/database.ts';
import { query } from '../support/query.ts';

const generous = { timeout: 120_000 };
const migrations = path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations');

const connect = async (url: string, applicationName = 'migrator'): Promise<Client> => {
  const client = new Client(connectionSettings(url, { applicationName }));
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
};

const aFolder = async (scripts: Record<string, string>): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'bursar-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n');
  for (const [name, script] of Object.entries(scripts)) await write(folder, name, script);
  return folder;
};

const write = async (folder: string, name: string, script: string): Promise<string> => {
  await mkdir(path.join(folder, name), { recursive: true });
  const file = path.join(folder, name, 'migration.sql');
  await writeFile(file, script);
  return file;
};

const record = (url: string) =>
  query(
    url,
    'SELECT migration_name, checksum, finished_at, logs, rolled_back_at, applied_steps_count FROM _prisma_migrations ORDER BY started_at',
  );

const users = 'CREATE TABLE users (id int);\nINSERT INTO users VALUES (1);\n-- the end, without a line break';
const roles = 'CREATE TABLE roles (id int);';

test('applies in order what is pending, writes it down as Prisma does, and does nothing the second time', generous, async () => {
  await using database = await aDatabase('blank');
  const folder = await aFolder({ '2_roles': roles, '1_users': users });
  const connection = await connect(database.url);

  expect(await migrationStatus(connection, folder)).toEqual({
    applied: [],
    pending: ['1_users', '2_roles'],
    failed: [],
    edited: [],
    unknown: [],
  });
  expect(await migrate(connection, folder)).toEqual(['1_users', '2_roles']);
  const written = await record(database.url);
  expect(await migrate(connection, folder)).toEqual([]);

  const finished = { finished_at: expect.any(Date) as Date, logs: null, rolled_back_at: null, applied_steps_count: 1 };
  expect(written).toEqual([
    { migration_name: '1_users', checksum: createHash('sha256').update(users).digest('hex'), ...finished },
    { migration_name: '2_roles', checksum: createHash('sha256').update(roles).digest('hex'), ...finished },
  ]);
  expect(await record(database.url)).toEqual(written);
  expect(await migrationStatus(connection, folder)).toMatchObject({ applied: ['1_users', '2_roles'], pending: [] });
});

test('the migrations of this repository apply to an empty database and leave the session as it was', generous, async () => {
  await using database = await aDatabase('empty');
  const connection = await connect(database.url);

  const { pending, failed, edited, unknown, applied } = await migrationStatus(connection, migrations);

  expect({ pending, failed, edited, unknown }).toEqual({ pending: [], failed: [], edited: [], unknown: [] });
  expect(applied.length).toBeGreaterThan(0);
});

test('four migrators at once apply everything once', generous, async () => {
  await using database = await aDatabase('blank');
  const folder = await aFolder({ '1_slow': `${users}\n;SELECT pg_sleep(0.2);`, '2_roles': roles });
  const connections = await Promise.all([1, 2, 3, 4].map(() => connect(database.url)));

  const applied = await Promise.all(connections.map(connection => migrate(connection, folder)));

  expect(applied.toSorted((a, b) => a.length - b.length)).toEqual([[], [], [], ['1_slow', '2_roles']]);
  expect(await record(database.url)).toHaveLength(2);
  expect(await query(database.url, 'SELECT count(*)::int AS users FROM users')).toEqual([{ users: 1 }]);
});

test("does not wait for ever for somebody else's migration, and says whose it is", generous, async () => {
  await using database = await aDatabase('blank');
  const folder = await aFolder({ '1_users': users });
  const holder = await connect(database.url, 'prisma of a colleague');
  await holder.query('SELECT pg_advisory_lock(72707369)');
  const connection = await connect(database.url);

  await expect(migrate(connection, folder, { waitMs: 100 })).rejects.toThrow(
    /Somebody else is migrating this database \(prisma of a colleague, process \d+\)/,
  );
});

test(
  'a failing migration takes back all its statements, is written down, and stops everything until somebody decides',
  generous,
  async () => {
    await using database = await aDatabase('blank');
    const folder = await aFolder({ '1_users': users, '2_bad': 'CREATE TABLE half (id int);\nSELECT 1/0;', '3_roles': roles });
    const connection = await connect(database.url);

    await expect(migrate(connection, folder)).rejects.toThrow('Migration 2_bad failed: division by zero');

    expect(await query(database.url, `SELECT to_regclass('half') AS half, to_regclass('roles') AS roles`)).toEqual([
      { half: null, roles: null },
    ]);
    expect(await migrationStatus(connection, folder)).toMatchObject({ applied: ['1_users'], pending: ['3_roles'] });
    const refusal = await migrate(connection, folder).catch((error: Error) => error.message);
    expect(refusal).toMatch(/^Migration 2_bad failed earlier \(P3009\): division by zero\. Nothing further is applied\./);

    // what the message tells to do is enough
    await connection.query(/UPDATE .*$/.exec(String(refusal))?.[0] ?? '');
    await write(folder, '2_bad', 'CREATE TABLE whole (id int);');
    expect(await migrate(connection, folder)).toEqual(['2_bad', '3_roles']);
    expect(await record(database.url)).toHaveLength(4);
  },
);

test('a migrator that is killed in the middle leaves nothing behind, and the next goes on', generous, async () => {
  await using database = await aDatabase('blank');
  const folder = await aFolder({ '1_users': users, '2_slow': `${roles}\nSELECT pg_sleep(30);` });
  const dying = await connect(database.url, 'dying');
  const broken = migrate(dying, folder).catch((error: Error) => error.message);
  const ended = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dying' AND query LIKE '%pg_sleep(30)%'`;
  await vi.waitUntil(async () => (await query(database.url, ended)).length === 1, { timeout: 60_000 });
  expect(await broken).toContain('Migration 2_slow failed');

  await write(folder, '2_slow', roles);
  expect(await migrate(await connect(database.url), folder)).toEqual(['2_slow']);
});

test('an applied file that was changed is an error that names it; other line endings are no change', generous, async () => {
  await using database = await aDatabase('blank');
  const folder = await aFolder({ '1_users': users });
  const connection = await connect(database.url);
  await migrate(connection, folder);

  await write(folder, '1_users', users.replaceAll('\n', '\r\n'));
  expect(await migrate(connection, folder)).toEqual([]);

  const file = await write(folder, '1_users', `${users}, changed`);
  await expect(migrate(connection, folder)).rejects.toThrow(`Changed after it was applied: ${file}`);
  expect(await migrationStatus(connection, folder)).toMatchObject({ edited: [file] });
});

test('an older program does not touch a database that a newer one migrated', generous, async () => {
  await using database = await aDatabase('blank');
  const newer = await aFolder({ '1_users': users, '2_roles': roles });
  const connection = await connect(database.url);
  await migrate(connection, newer);

  const older = await aFolder({ '1_users': users });
  await expect(migrate(connection, older)).rejects.toThrow('migrated by a newer Bursar (2_roles)');
});

test('scripts run without limits, cannot leak settings, and may build indexes concurrently', generous, async () => {
  await using database = await aDatabase('blank');
  const folder = await aFolder({
    '1_limits': `CREATE TABLE seen AS SELECT current_setting('statement_timeout') AS timeout; SET search_path = pg_catalog; SET timezone = 'Asia/Tokyo';`,
    '2_index': 'CREATE INDEX CONCURRENTLY ON seen (timeout);',
    '3_open': 'BEGIN; CREATE TABLE open (id int);',
  });
  const connection = await connect(database.url);

  await expect(migrate(connection, folder)).rejects.toThrow('Migration 3_open failed: it leaves a transaction open');

  expect((await connection.query('SELECT timeout FROM seen')).rows).toEqual([{ timeout: '0' }]);
  const { rows } = await connection.query(`SELECT current_setting('statement_timeout') AS timeout, current_setting('TimeZone') AS zone`);
  expect(rows).toEqual([{ timeout: '10s', zone: 'UTC' }]);
  expect(await migrationStatus(connection, folder)).toMatchObject({ applied: ['1_limits', '2_index'], failed: [{ name: '3_open' }] });
  expect(await query(database.url, `SELECT to_regclass('open') AS open`)).toEqual([{ open: null }]);
});
