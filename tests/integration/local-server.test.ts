import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { expect, onTestFinished, test } from 'vitest';
import { packagedPostgres } from '../../src/database/local/binaries.ts';
import { openLocalServer } from '../../src/database/local-server.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { openConsole } from '../support/consoles.ts';
import { aHome } from '../support/home.ts';
import { query } from '../support/query.ts';

const isRoot = process.geteuid?.() === 0;
const accountOf = async (pid: number): Promise<number> => {
  if (process.platform === 'linux') return (await stat(`/proc/${pid}`)).uid;
  return Number((await promisify(execFile)('ps', ['-o', 'uid=', '-p', String(pid)])).stdout);
};

const generous = { timeout: 120_000 };

test('a new home gets a private, durable server that pg and Prisma reach alike', generous, async () => {
  await using home = aHome();
  const steps: string[] = [];

  const server = await openLocalServer({ home: home.path, onProgress: step => steps.push(step) });

  expect(server.startedHere).toBe(true);
  expect(steps).toEqual(['Creating the database', 'Starting the database server']);
  const [settings] = await query(
    server.url,
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('listen_addresses') AS network,
            current_setting('shared_preload_libraries') AS libraries, current_setting('TimeZone') AS zone, current_database() AS database,
            pg_encoding_to_char(encoding) AS encoding, datcollate AS sorting, lower('ÄÉ') AS lower
       FROM pg_database WHERE datname = current_database()`,
  );
  const durable = { fsync: 'on', commit: 'on', network: '', libraries: 'pg_stat_statements', zone: 'UTC' };
  expect(settings).toEqual({ ...durable, database: 'bursar', encoding: 'UTF8', sorting: 'C', lower: 'äé' });

  const prisma = await new PrismaPg(connectionSettings(server.url, { applicationName: 'prisma' })).connect();
  const { rows } = await prisma.queryRaw({ sql: 'SELECT current_database()::text, current_user::text', args: [], argTypes: [] });
  await prisma.dispose();
  expect(rows).toEqual([['bursar', 'bursar']]);
  await server.release();
});

test('the server runs under an unprivileged account, and only that account can open its folders', generous, async () => {
  await using home = aHome();
  const server = await openLocalServer({ home: home.path });

  const data = await stat(server.dataDirectory);
  const socket = await stat(server.socketDirectory);
  expect(data.uid).not.toBe(0);
  expect(isRoot || data.uid === process.geteuid?.()).toBe(true);
  expect(socket.uid).toBe(data.uid);
  expect([data.mode & 0o777, socket.mode & 0o777]).toEqual([0o700, 0o700]);
  expect(await accountOf((await home.serverPid()) ?? 0)).toBe(data.uid);
  await server.release();
});

test('consoles on one home share its server, and the last to leave stops it', generous, async () => {
  await using home = aHome();
  const first = await openLocalServer({ home: home.path });
  const second = await openLocalServer({ home: home.path });
  expect([first.startedHere, second.startedHere]).toEqual([true, false]);
  await query(second.url, 'CREATE TABLE kept AS SELECT 42 AS value');

  await first.release();
  expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 42 }]);
  await second.release();
  expect(await home.serverPid()).toBeUndefined();

  const reopened = await openLocalServer({ home: home.path });
  expect(reopened.startedHere).toBe(true);
  expect(await query(reopened.url, 'SELECT value FROM kept')).toEqual([{ value: 42 }]);

  const other = await openLocalServer({ home: home.path });
  await other.stop();
  expect(await home.serverPid()).toBeUndefined();
  // whoever was on it when it was stopped on purpose does not start it again
  await reopened.release();
  expect(await home.serverPid()).toBeUndefined();
});

test('four consoles that start at once on a new home make one database and one server', generous, async () => {
  await using home = aHome();

  const consoles = await Promise.all([1, 2, 3, 4].map(() => openConsole(home.path)));

  expect(consoles.filter(({ startedHere }) => startedHere)).toHaveLength(1);
  const [url = ''] = new Set(consoles.map(each => each.url));
  const log = await readFile(path.join(home.path, 'logs', 'postgres.log'), 'utf8');
  expect(log.match(/starting PostgreSQL/g)).toHaveLength(1);

  // one is killed, two leave at the same time: none of them is the last
  const [killed, left, leftToo, last] = consoles;
  await killed?.kill();
  await Promise.all([left?.leave(), leftToo?.leave()]);
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await last?.leave();
  expect(await home.serverPid()).toBeUndefined();
});

test("a package that is read-only or closed to the server's account is left as it is", generous, async () => {
  await using home = aHome();
  const { nativeDirectory, version } = await packagedPostgres();
  const closed = path.join(home.path, 'closed');
  const native = path.join(closed, 'native');
  // as npm unpacks it when no install script runs: without symbolic links
  await cp(nativeDirectory, native, { recursive: true, filter: async file => !(await lstat(file)).isSymbolicLink() });
  await chmod(path.join(native, 'lib'), 0o555);
  await chmod(closed, isRoot ? 0o700 : 0o500);
  onTestFinished(() => chmod(closed, 0o700).catch(() => undefined));
  const before = await readdir(native, { recursive: true });

  const server = await openLocalServer({ home: path.join(home.path, 'home'), postgres: { nativeDirectory: native, version } });

  expect(await query(server.url, `SELECT current_setting('server_version_num')::int / 10000 AS major`)).toEqual([{ major: 15 }]);
  expect(await readdir(native, { recursive: true })).toEqual(before);
  await server.release();
  await chmod(closed, 0o700);
  await chmod(path.join(native, 'lib'), 0o755);
});

test('a home too deep for a socket path gets a short socket folder, gone when the server stops', generous, async () => {
  await using home = aHome();
  const deep = path.join(home.path, 'x'.repeat(60), 'y'.repeat(60));

  const server = await openLocalServer({ home: deep });

  expect(Buffer.byteLength(path.join(server.socketDirectory, '.s.PGSQL.5432'))).toBeLessThan(100);
  expect((await stat(server.socketDirectory)).mode & 0o777).toBe(0o700);
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await server.release();
  await expect(stat(server.socketDirectory)).rejects.toThrow('ENOENT');
});

test("a folder that holds something else, or another version's database, is refused and left alone", async () => {
  await using home = aHome();
  const data = path.join(home.path, 'data');
  await mkdir(data, { recursive: true });
  await writeFile(path.join(data, 'thesis.txt'), 'mine');
  await expect(openLocalServer({ home: home.path })).rejects.toThrow('holds files but no database');

  await writeFile(path.join(data, 'PG_VERSION'), '13\n');
  await expect(openLocalServer({ home: home.path })).rejects.toThrow('is of Postgres 13, this Bursar brings 15');
  expect(await readFile(path.join(data, 'thesis.txt'), 'utf8')).toBe('mine');
});
