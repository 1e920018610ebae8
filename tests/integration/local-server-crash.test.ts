import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isAlive } from '../../src/database/local/processes.ts';
import { openLocalServer } from '../../src/database/local-server.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { beginConsole, killProcess, openConsole } from '../support/consoles.ts';
import { aHome } from '../support/home.ts';
import { query } from '../support/query.ts';

const isRoot = process.geteuid?.() === 0;
const generous = { timeout: 120_000 };

/** Inserts 1, 2, 3 … until the connection breaks, and counts what was acknowledged. */
const postUntilBroken = (url: string): { acknowledged: number; broken: Promise<Error> } => {
  const client = new Client(connectionSettings(url, { applicationName: 'poster' }));
  client.on('error', () => undefined);
  const poster = { acknowledged: 0, broken: Promise.resolve(new Error('not begun')) };
  const post = async (): Promise<never> => {
    await client.connect();
    for (;;) {
      await client.query('INSERT INTO posting VALUES ($1)', [poster.acknowledged + 1]);
      poster.acknowledged += 1;
    }
  };
  poster.broken = post().catch((error: Error) => error);
  return poster;
};

test('a server killed under load comes back by itself with every acknowledged row', generous, async () => {
  await using home = aHome();
  const server = await openLocalServer({ home: home.path });
  onTestFinished(server.release);
  await query(server.url, 'CREATE TABLE posting (id int PRIMARY KEY)');
  const poster = postUntilBroken(server.url);
  await vi.waitUntil(() => poster.acknowledged >= 20, { timeout: 60_000 });
  const killed = await home.serverPid();

  await killProcess(killed);
  await poster.broken;

  // nobody opens it again here: the console that is still on it starts it
  const rows = await vi.waitFor(() => query(server.url, 'SELECT id FROM posting ORDER BY id'), { timeout: 60_000, interval: 20 });
  const acknowledged = Array.from({ length: poster.acknowledged }, (_, index) => ({ id: index + 1 }));
  expect(rows.slice(0, acknowledged.length)).toEqual(acknowledged);
  expect(rows.length - acknowledged.length).toBeLessThanOrEqual(1);
  expect(await home.serverPid()).not.toBe(killed);

  // and it counts as being on it again
  const other = await openConsole(home.path);
  await other.leave();
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('after a kill -9 of server and console the next console outwaits surviving sessions and recovers', generous, async () => {
  await using home = aHome();
  const console = await openConsole(home.path);
  await query(console.url, 'CREATE TABLE kept AS SELECT 42 AS value');
  // a session at work does not notice at once that its server is gone, and holds the shared memory
  const atWork = Promise.allSettled([query(console.url, 'SELECT count(*) FROM generate_series(1, 10000000)')]);
  const working = `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series%' AND pid <> pg_backend_pid()`;
  await vi.waitUntil(async () => (await query(console.url, working)).length === 1, { timeout: 60_000 });

  await console.kill();
  await killProcess(await home.serverPid());
  const next = await openLocalServer({ home: home.path });

  expect(next.startedHere).toBe(true);
  expect(await query(next.url, 'SELECT value FROM kept')).toEqual([{ value: 42 }]);
  await atWork;
  await next.release();
});

test('a console killed while it creates the database leaves nothing that stops the next', generous, async () => {
  await using home = aHome();
  const child = beginConsole(home.path);
  const unfinished = async () => (await readdir(home.path).catch((): string[] => [])).filter(name => name.includes('unfinished'));
  await vi.waitUntil(async () => (await unfinished()).length > 0, { timeout: 60_000, interval: 5 });
  await killProcess(child.pid);

  const server = await openLocalServer({ home: home.path });

  expect(server.startedHere).toBe(true);
  expect(await readdir(path.join(home.path, 'turns'))).toEqual([]);
  await server.release();
  // an orphaned initdb may have written on; what it left goes with the next start at the latest
  const again = await openLocalServer({ home: home.path });
  expect(await unfinished()).toEqual([]);
  await again.release();
});

test("a process that got a killed server's number by chance is not taken for the server", generous, async () => {
  await using home = aHome();
  const console = await openConsole(home.path);
  const { uid, gid } = await stat(path.join(home.path, 'data'));
  await console.kill();
  await killProcess(await home.serverPid());
  const bystander = spawn('sleep', ['60'], { ...(isRoot && { uid, gid }), stdio: 'ignore' });
  onTestFinished(() => {
    bystander.kill();
  });
  await once(bystander, 'spawn');
  for (const file of ['data/postmaster.pid', 'run/.s.PGSQL.5432.lock'].map(name => path.join(home.path, name))) {
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(bystander.pid)));
  }

  const next = await openLocalServer({ home: home.path });

  expect(next.startedHere).toBe(true);
  expect(isAlive(bystander.pid ?? 0)).toBe(true);
  await next.release();
});
