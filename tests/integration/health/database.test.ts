import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Client } from 'pg';
import { refusal, type Bank } from '../../support/acting.ts';
import { aBank } from '../../support/acting.ts';
import { openOperatorSession } from '../../support/operator-session.ts';
import { report } from '../../support/reliability.ts';
import { connectAs } from '../../support/role-connection.ts';

vi.setConfig({ testTimeout: 120_000 });

let bank: Bank;
let reader: Client;
beforeAll(async () => {
  bank = await aBank();
  reader = await connectAs(bank.url, 'bursar_reader');
});
afterAll(async () => {
  await reader.end();
  await bank[Symbol.asyncDispose]();
});

type Row = { readonly measure: string; readonly value: number | null; readonly grade: string | null; readonly words: string };
const measured = async (name: string): Promise<Row | undefined> =>
  (await reader.query<Row>('SELECT * FROM ops.measure_health() WHERE measure = $1', [name])).rows[0];

test('whoever only looks on measures all that there is, without a right to the tables that hold it', async () => {
  const { rows } = await reader.query<Row>('SELECT * FROM ops.measure_health()');
  expect(rows.map(({ measure }) => measure).toSorted()).toEqual([
    'audit-chain', 'backup', 'backup-size', 'broken-indexes', 'cache-hits', 'capacity', 'checkpoints', 'connections', 'database-size', 'dead-rows', 'drill', 'ledger', 'lock-waits',
    'longest-transaction', 'orphans', 'replication', 'replication-slots', 'run-waits', 'slowest-statement', 'unused-indexes', 'wraparound',
  ]); // prettier-ignore
  const values = new Map(rows.map(({ measure, value }) => [measure, value]));
  expect(values.get('connections')).toBeGreaterThan(0);
  expect(values.get('database-size')).toBeGreaterThan(1_000_000);
  expect(values.get('wraparound')).toBeLessThan(1);
  // a bank, and no demo: without a backup it is not well
  expect(rows.find(({ measure }) => measure === 'backup')).toMatchObject({
    value: null,
    grade: 'bad',
    words: 'there is none that was verified',
  });
  expect(rows.find(({ measure }) => measure === 'connections')?.words).not.toContain('GRANT');
});

test('who waits for a lock is told with whoever blocks it, and what they typed is not', async () => {
  const [blocking, waiting] = [await bank.connect(), await bank.connect()];
  await blocking.query(`SET application_name = 'the one who blocks'`);
  await blocking.query('BEGIN');
  await blocking.query(`LOCK TABLE platform.setting IN ACCESS EXCLUSIVE MODE`);
  await waiting.query(`SET application_name = 'the one who waits'; SET lock_timeout = 0; SET statement_timeout = 0`);
  const waits = waiting.query(`SELECT count(*) FROM platform.setting WHERE key = 'a secret of somebody'`);
  try {
    const row = await vi.waitFor(
      async () => {
        const { rows } = await reader.query<Record<string, string>>('SELECT * FROM ops.waiting_sessions()');
        expect(rows).toHaveLength(1);
        return rows[0];
      },
      { timeout: 40_000, interval: 100 },
    );
    expect(row).toMatchObject({ client: 'the one who waits', blocker_client: 'the one who blocks', blocker_state: 'idle in transaction', wants: expect.stringContaining('setting') as string });
    expect(row?.['statement']).toBe('SELECT count(*) FROM platform.setting WHERE key = ?');
    expect((await measured('lock-waits'))?.words).toMatch(/^1 waiting, first behind process \d+ of \S+ \(the one who blocks\)$/);
    expect((await measured('longest-transaction'))?.value).toBeGreaterThan(0);
  } finally {
    await blocking.query('ROLLBACK');
    await waits;
    await Promise.all([blocking.end(), waiting.end()]);
  }
  expect((await measured('lock-waits'))?.words).toBe('nobody waits for a lock');
}); // prettier-ignore

test('dead rows, an index that nobody reads and an invalid one are found by their names', async () => {
  const owner = await bank.connect();
  await owner.query(`CREATE TABLE public.swollen (n integer, t text) WITH (autovacuum_enabled = false); INSERT INTO public.swollen SELECT n, repeat('x', 50) FROM generate_series(1, 20000) n;
    CREATE INDEX swollen_unread ON public.swollen (t, n); ANALYZE public.swollen`);
  await owner.query('DELETE FROM public.swollen WHERE n <= 15000');
  await owner.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.swollen_unread'::regclass`);
  await owner.end(); // what a session counted is told when it ends, or soon
  const dead = await vi.waitFor(
    async () => {
      const found = await measured('dead-rows');
      expect(found?.value).toBeGreaterThan(70);
      return found;
    },
    { timeout: 40_000, interval: 200 },
  );
  expect(dead?.words).toMatch(/^public\.swollen: 15,000 of 20,000 rows are dead, last vacuum never$/);
  expect(await measured('broken-indexes')).toMatchObject({ value: 1, words: 'public.swollen_unread' });
  const { rows } = await reader.query(`SELECT scans, enforces, is_valid FROM ops.index_statistics() WHERE name = 'public.swollen_unread'`);
  expect(rows).toEqual([{ scans: '0', enforces: false, is_valid: false }]);
  await bank.rows('DROP TABLE public.swollen');
});

test('of five consoles that measure at once one does, a minute later again; no reading is there twice', async () => {
  const consoles = await Promise.all(Array.from({ length: 5 }, () => connectAs(bank.url, 'bursar_operator')));
  const token = bank.one.token;
  const sample = (db: Client): Promise<number> => db.query<{ kept: number }>('SELECT ops.sample_health($1) AS kept', [token]).then(({ rows }) => rows[0]?.kept ?? 0);
  // whether checkpoints are enough to judge is counted for the whole server, on which other tests make some
  const own = `ops.health_sample WHERE series_id NOT IN (SELECT id FROM ops.health_series WHERE measure = 'checkpoints')`;
  await sample(consoles[0] ?? reader);
  const [before] = await bank.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${own}`);
  for (let round = 1; round <= 5; round++) {
    await bank.behindItsBack(`UPDATE ops.health_watch SET looked_at = looked_at - interval '61 seconds'`);
    const kept = await Promise.all(consoles.map(sample));
    expect(kept.filter(count => count > 0)).toHaveLength(1);
  }
  const [after] = await bank.rows<{ n: number; series: number; hourly: number }>(
    `SELECT count(*)::int AS n, count(DISTINCT series_id)::int AS series, count(*) FILTER (WHERE hourly)::int AS hourly FROM ${own}`,
  );
  report('health at once', { consoles: 5, rounds: 5, samples: after?.n ?? 0, series: after?.series ?? 0 });
  expect(after?.n).toBe((before?.n ?? 0) * 6);
  expect(after?.hourly).toBeGreaterThanOrEqual(after?.series ?? 0);
  expect(after?.hourly).toBeLessThan(after?.n ?? 0);
  await Promise.all(consoles.map(db => db.end()));
}); // prettier-ignore

test('history is kept by policy: all of two days, of ninety the first of each hour, nothing beyond', async () => {
  await bank.rows('DELETE FROM ops.health_sample');
  const [series] = await bank.rows<{ id: string }>(`SELECT id FROM ops.health_series WHERE measure = 'database-size'`);
  await bank.rows(
    `INSERT INTO ops.health_sample (series_id, at, value, hourly)
     SELECT $1, date_trunc('hour', now()) - make_interval(hours => h, mins => -m), 1, m = 0 FROM unnest(ARRAY[1, 47, 49, 72, 2159, 2161, 5000]) h, unnest(ARRAY[0, 20, 40]) m`,
    [series?.id],
  );
  await bank.rows('SELECT ops.thin_health()');
  const left = await bank.rows<{ hours: number; n: number }>(
    `SELECT ceil(extract(epoch FROM date_trunc('hour', now()) - at) / 3600)::int AS hours, count(*)::int AS n FROM ops.health_sample GROUP BY 1 ORDER BY 1`,
  );
  expect(left).toEqual([{ hours: 1, n: 3 }, { hours: 47, n: 3 }, { hours: 49, n: 1 }, { hours: 72, n: 1 }, { hours: 2159, n: 1 }]);
}); // prettier-ignore

test('from what was measured comes the day on which the disk is full', async () => {
  const [series] = await bank.rows<{ id: string }>(`SELECT id FROM ops.health_series WHERE measure = 'database-size'`);
  await bank.rows('DELETE FROM ops.health_sample');
  // a gigabyte a day, for ten days
  await bank.rows(
    `INSERT INTO ops.health_sample (series_id, at, value, hourly) SELECT $1, now() - make_interval(hours => h), 50e9 - h / 24.0 * 1073741824, true FROM generate_series(0, 240) h`,
    [series?.id],
  );
  expect((await measured('database-size'))?.words).toBe('+1.0 GB a day in the last 10 days');
  expect(await measured('capacity')).toMatchObject({ value: null, words: 'no host has told how much room the disk of the database has' });
  await bank.behindItsBack(
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by) VALUES ('db9', '127.0.0.1', 'deploy', 'SHA256:' || repeat('A', 43), 1, 1)`,
  );
  await bank.rows(`SELECT ops.keep_readings((SELECT id FROM ops.host WHERE name = 'db9'), '[{"measure":"host-database-room","value":32212254720,"words":"30 GB"}]')`);
  const capacity = await measured('capacity');
  expect(capacity?.value).toBeCloseTo(30, 0);
  expect(capacity?.words).toMatch(/^30\.0 GB are free on db9, at 1\.0 GB a day until \d{4}-\d{2}-\d{2}$/);
}); // prettier-ignore

test('readings of a host are believed as far as a host is: other measures, strange values and endless words are not kept as they came', async () => {
  const operator = await connectAs(bank.url, 'bursar_operator');
  const [host] = await bank.rows<{ id: string; fingerprint: string }>(`SELECT id, fingerprint FROM ops.host WHERE name = 'db9'`);
  const tell = async (readings: unknown, pinned = host?.fingerprint): Promise<number> =>
    (await operator.query<{ n: number }>('SELECT ops.report_health($1, $2, $3, $4) AS n', [bank.one.token, host?.id, pinned, JSON.stringify(readings)])).rows[0]?.n ?? 0;
  expect(
    await tell([
      { measure: 'ledger', value: 0, words: 'all is well' }, { measure: 'host-disk', subject: '/', value: 'NaN', words: 'x'.repeat(9_000) }, { measure: 'host-load', value: 1e300, grade: 'good', words: 7 },
      { measure: `host-${'x'.repeat(90)}`, value: 1 }, { measure: 'host-memory', value: 12.5, grade: 'bad', words: 'almost none' }, 'text', null,
    ]),
  ).toBe(3);
  const kept = await bank.rows(`SELECT measure, value, grade, length(words) AS letters FROM ops.health_series WHERE host_id = $1 AND measure <> 'host-database-room' ORDER BY measure`, [host?.id]);
  expect(kept).toEqual([
    { measure: 'host-disk', value: null, grade: null, letters: 500 }, { measure: 'host-load', value: null, grade: null, letters: 1 }, { measure: 'host-memory', value: 12.5, grade: 'bad', letters: 11 },
  ]);
  // about another key, from somebody without the right, or too much of it
  expect(await tell([{ measure: 'host-memory', value: 1, words: '' }], `SHA256:${'B'.repeat(43)}`)).toBe(0);
  const many = Array.from({ length: 301 }, (_, n) => ({ measure: 'host-disk', subject: String(n), value: 1, words: '' }));
  expect(await refusal(operator, () => tell(many))).toMatchObject({ code: 'BU004' });
  await operator.end();
}); // prettier-ignore

test('without the permission nobody measures and nobody is given hosts to ask', async () => {
  const name = `v${randomUUID().slice(0, 8)}`;
  await bank.behindItsBack(`INSERT INTO ops.operator (name, display_name) VALUES ($1, $1)`, [name]);
  const [viewer] = await bank.rows<{ id: string }>('SELECT id FROM ops.operator WHERE name = $1', [name]);
  const token = await openOperatorSession(bank.db, viewer?.id ?? '');
  const operator = await connectAs(bank.url, 'bursar_operator');
  const calls = [`SELECT ops.sample_health($1)`, `SELECT * FROM ops.claim_unasked_hosts($1)`, `SELECT ops.report_health($1, NULL, NULL, '[]')`, `SELECT ops.report_health($1, 1, '-', '[]')`];
  for (const call of calls) expect(await refusal(operator, () => operator.query(call, [token]))).toMatchObject({ code: 'BU002' });
  await operator.end();
}); // prettier-ignore

test('a host is given to one console, and to the next one five minutes later', async () => {
  const consoles = await Promise.all(Array.from({ length: 4 }, () => connectAs(bank.url, 'bursar_operator')));
  const claim = (db: Client) => db.query<{ name: string }>('SELECT name FROM ops.claim_unasked_hosts($1)', [bank.one.token]).then(({ rows }) => rows.map(row => row.name));
  const claimed = await Promise.all(consoles.map(claim));
  expect(claimed.flat()).toEqual(['db9']);
  expect((await Promise.all(consoles.map(claim))).flat()).toEqual([]);
  await bank.behindItsBack(`UPDATE ops.health_watch SET looked_at = looked_at - interval '301 seconds'`);
  expect((await Promise.all(consoles.map(claim))).flat()).toEqual(['db9']);
  await Promise.all(consoles.map(db => db.end()));
}); // prettier-ignore
