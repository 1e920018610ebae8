import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { asRole } from '../../../src/database/role-url.ts';
import { openDirect, type Direct } from '../../../src/database/direct.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { eventsOlder, plantEvents, plantSecurityEvents } from '../../support/old-rows.ts';
import { query } from '../../support/query.ts';
import { aWork } from '../../support/works.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let owner: Direct;
beforeAll(async () => {
  database = await aDatabase('empty');
  owner = await openDirect(database.url, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined);
  await owner.query('SET idle_in_transaction_session_timeout = 0');
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const rows = (sql: string, values: unknown[] = []) => query(database.url, sql, values);
const bank = { rows };
const work = (name: string, input: object = {}) => aWork({ url: database.url })(name, input);
const count = async (policy: string, days?: number) => work('cleanup-estimate', { policy, ...(days === undefined ? {} : { days }) });
const partsOf = (id: unknown) =>
  rows(
    'SELECT relation, rows::int AS rows, removed::int AS removed, archive, archive_sha256 AS sha FROM ops.cleanup_part WHERE cleanup_id = $1 ORDER BY position',
    [id],
  );

test('the number that was counted goes, nothing younger does, and a second time finds nothing to do', async () => {
  await plantEvents(bank, 6_100, 91);
  await plantEvents(bank, 50, 89);
  const counted = await count('activity-logs');
  expect(counted).toMatchObject({ rows: 6_100 });
  // what became old meanwhile is not what was counted
  await rows(
    `INSERT INTO platform.event (at, level, source, message) SELECT boundary, 'info', 'test', 'of the very instant' FROM ops.cleanup_part WHERE cleanup_id = $1 AND relation = 'platform.event'`,
    [counted['cleanup']],
  );
  expect(await work('cleanup', { estimate: counted['cleanup'] })).toMatchObject({ removed: 6_100 });
  expect(await eventsOlder(bank, 0)).toBe(51);
  expect(await work('cleanup', { estimate: counted['cleanup'] })).toMatchObject({ removed: 6_100 });
  expect(await eventsOlder(bank, 0)).toBe(51);
});

test('nobody goes below the floor of a policy, and the audit log is never removed', async () => {
  await expect(count('activity-logs', 29)).rejects.toThrow('stays at least 30 days');
  await expect(count('audit', 3_000)).rejects.toThrow('never removed');
  await expect(count('no-such-policy')).rejects.toThrow('there is no policy');
  // nor by hand: the row of the count itself is refused
  const [row] = await rows(`INSERT INTO ops.cleanup (policy, host, rows, bytes) VALUES ('activity-logs', 'here', 1, 1) RETURNING id`);
  const part = (policy: string, boundary: string) =>
    rows(
      `INSERT INTO ops.cleanup_part (cleanup_id, position, policy, what, relation, boundary, rows, bytes) VALUES ($1, 1, $2, 'rows', 'platform.event', ${boundary}, 1, 1)`,
      [row?.['id'], policy],
    );
  await expect(part('activity-logs', `now() - interval '29 days'`)).rejects.toThrow('before 30 days');
  await expect(part('audit', `now() - interval '3000 days'`)).rejects.toThrow('the end of time');
});

test('rows that are kept are removed by a cleanup of the owner alone: not by others, not by hand, not beyond its boundary', async () => {
  await plantEvents(bank, 10, 100);
  const [row] = await rows('SELECT max(id) AS id FROM ops.cleanup WHERE status = $1', ['estimated']);
  const counted = await count('activity-logs');
  const inCleanup = (id: unknown, sql: string) =>
    rows(`WITH s AS MATERIALIZED (SELECT set_config('bursar.cleanup', '${String(id)}', false)) ${sql}`);
  const remove = `DELETE FROM platform.event USING s WHERE at < now() - interval '95 days'`;
  await expect(rows(`DELETE FROM platform.event`)).rejects.toThrow('is not allowed');
  // counted, but not under way
  await expect(inCleanup(counted['cleanup'], remove)).rejects.toThrow('is not allowed');
  await expect(inCleanup(row?.['id'] ?? 0, remove)).rejects.toThrow('is not allowed');
  await rows(`UPDATE ops.cleanup SET status = 'running' WHERE id = $1`, [counted['cleanup']]);
  await expect(inCleanup(counted['cleanup'], `DELETE FROM platform.event USING s WHERE at < now() - interval '80 days'`)).rejects.toThrow(
    'is not allowed',
  );
  await expect(inCleanup(counted['cleanup'], `UPDATE platform.event e SET message = 'other' FROM s`)).rejects.toThrow('is not allowed');
  for (const role of ['bursar_operator', 'bursar_reader', 'bursar_platform'] as const) {
    const url = asRole(database.url, role);
    await expect(
      query(url, `WITH s AS MATERIALIZED (SELECT set_config('bursar.cleanup', '${String(counted['cleanup'])}', false)) ${remove}`),
    ).rejects.toThrow('permission denied');
    await expect(query(url, `UPDATE ops.cleanup SET status = 'running'`)).rejects.toThrow('permission denied');
  }
  expect(await eventsOlder(bank, 95)).toBe(10);
  // and in the cleanup that is under way the owner may: what it was cut short at goes on
  await inCleanup(counted['cleanup'], remove);
  expect(await eventsOlder(bank, 95)).toBe(0);
});

test('what may go but is held by somebody waits; whoever holds it does not', async () => {
  await plantEvents(bank, 30, 100);
  const counted = await count('activity-logs');
  await owner.query('BEGIN');
  await owner.query(`SELECT FROM platform.event WHERE at < now() - interval '99 days' ORDER BY id LIMIT 7 FOR UPDATE`);
  const cleaning = work('cleanup', { estimate: counted['cleanup'] });
  await expect.poll(() => eventsOlder(bank, 95), { timeout: 60_000 }).toBe(7);
  await owner.query('COMMIT');
  expect(await cleaning).toMatchObject({ removed: counted['rows'] });
  expect(await eventsOlder(bank, 95)).toBe(0);
});

test('more than a tenth beyond the count stops it', async () => {
  await plantEvents(bank, 20, 100);
  const counted = await count('activity-logs');
  const [young] = await rows(`SELECT count(*)::int AS n FROM platform.event WHERE at >= now() - interval '99 days'`);
  // somebody writes old rows meanwhile
  await plantEvents(bank, 50, 200);
  await expect(work('cleanup', { estimate: counted['cleanup'] })).rejects.toThrow('a tenth');
  const counts = Number(counted['rows']);
  expect((await partsOf(counted['cleanup']))[0]).toMatchObject({ rows: counts, removed: counts + Math.floor(counts / 10) });
  expect(await rows('SELECT status FROM ops.cleanup WHERE id = $1', [counted['cleanup']])).toEqual([{ status: 'stopped' }]);
  const [left] = await rows('SELECT count(*)::int AS n FROM platform.event');
  expect(Number(left?.['n'])).toBe(Number(young?.['n']) + 20 + 50 - counts - Math.floor(counts / 10));
  await expect(rows('UPDATE ops.cleanup_part SET removed = rows * 2 WHERE cleanup_id = $1', [counted['cleanup']])).rejects.toThrow(
    'not_beyond_the_count',
  );
});

test('security events lie in a file with its hash before one of them is gone; a changed file ends it', async () => {
  await plantSecurityEvents(bank, 40, 95);
  const counted = await count('security-log');
  expect(counted).toMatchObject({ rows: 40 });
  await work('cleanup', { estimate: counted['cleanup'] });
  const [part] = await partsOf(counted['cleanup']);
  const content = readFileSync(String(part?.['archive']));
  expect(createHash('sha256').update(content).digest('hex')).toBe(part?.['sha']);
  const lines = content
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(40);
  expect(lines[0]).toMatchObject({ kind: 'failed logins', source: 'test' });
  expect(part).toMatchObject({ removed: 40 });

  // one that was cut short after it was archived, and whose file somebody touched
  await plantSecurityEvents(bank, 3, 95);
  const again = await count('security-log');
  await rows('UPDATE ops.cleanup_part SET archive = $2, archive_rows = 40, archive_sha256 = $3 WHERE cleanup_id = $1', [
    again['cleanup'],
    part?.['archive'],
    '0'.repeat(64),
  ]);
  await expect(work('cleanup', { estimate: again['cleanup'] })).rejects.toThrow('is not what was archived');
  expect(await rows('SELECT count(*)::int AS n FROM ops.security_event')).toEqual([{ n: 3 }]);
});

test('the log of a run is emptied; that it ran, how it ended and the hash of its log stay', async () => {
  const client = owner;
  await client.query(`BEGIN; SET LOCAL session_replication_role = replica;
    INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by) VALUES ('db1', 'db1.example', 'deploy', 'SHA256:' || repeat('A', 43), 1, 1);
    INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status) VALUES ('00000000-0000-4000-8000-000000000001', 'host-report', '1', 'A run', 'a', false, '{}', 1, 'succeeded');
    INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, status, finished_at, sha256, bytes, tail)
    SELECT '00000000-0000-4000-8000-000000000001', n, 'step', 1, '{id}', 5, 'succeeded', now() - make_interval(days => 20 + n * 5), repeat('a', 64), 5, 'said' FROM generate_series(1, 4) n; COMMIT`);
  await expect(client.query(`UPDATE ops.run_step SET tail = ''`)).rejects.toThrow('is not allowed');
  const counted = await count('execution-logs');
  expect(await work('cleanup', { estimate: counted['cleanup'] })).toMatchObject({ counted: counted['rows'], removed: counted['rows'] });
  expect(await rows('SELECT position, tail, status, sha256 IS NOT NULL AS hashed FROM ops.run_step ORDER BY position')).toEqual([
    { position: 1, tail: 'said', status: 'succeeded', hashed: true },
    ...[2, 3, 4].map(position => ({ position, tail: '', status: 'succeeded', hashed: true })),
  ]);
});
