import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDirect, type Direct } from '../../../src/database/direct.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { rowParts } from '../../../src/maintenance/cleanup/parts.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';
import { full, report } from '../../support/reliability.ts';
import { aWork } from '../../support/works.ts';

vi.setConfig({ testTimeout: full ? 600_000 : 120_000 });

let database: TestDatabase;
/** Writes rows as they would be after years: no trigger asks who does. */
let planter: Direct;
beforeAll(async () => {
  database = await aDatabase('empty');
  planter = await openDirect(database.url, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined);
  await planter.query('SET session_replication_role = replica');
});
afterAll(async () => {
  await planter.end();
  await database.drop();
});

const rows = (sql: string, values: unknown[] = []) => query(database.url, sql, values);
const planted = (sql: string, values: unknown[] = []) => planter.query(sql, values);
const work = (name: string, input: object = {}) => aWork({ url: database.url })(name, input);
const number = async (sql: string): Promise<number> => Number((await rows(`SELECT (${sql})::int AS n`))[0]?.['n']);

const clean = async (policy: string, days?: number) => {
  const counted = await work('cleanup-estimate', { policy, ...(days === undefined ? {} : { days }) });
  return { counted, removed: (await work('cleanup', { estimate: counted['cleanup'] }))['removed'] };
};

/** So many sessions, each a day older than the one before, the youngest so many days old. */
const sessions = (count: number, days: number) =>
  planted(
    `INSERT INTO ops.operator_session (operator_id, token_hash, client, started_at, last_seen_at, expires_at)
     SELECT 1, sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'test', a.at, a.at, a.at + interval '8 hours'
       FROM generate_series(1, $1::int) n, LATERAL (SELECT now() - make_interval(days => $2::int, hours => 9 + n) AS at) a`,
    [count, days],
  );
const refusals = (count: number, days: number) =>
  planted(
    `INSERT INTO bank.posting_refusal (type, amount, currency, code, message, refused_at)
     SELECT 'deposit', 100, 'EUR', 'limit', 'refused ' || n, now() - make_interval(days => $2::int, secs => n) FROM generate_series(1, $1::int) n`,
    [count, days],
  );
const keysOfActions = (count: number, days: number) =>
  planted(
    `INSERT INTO ops.action_run (request_id, transaction_number, operator_id, session_id, action, input_hash, began_at, result)
     SELECT gen_random_uuid(), n, 1, (SELECT id FROM ops.operator_session ORDER BY expires_at LIMIT 1), 'accounts.freeze', '\\x00', now() - make_interval(days => $2::int, secs => n), '{}'
       FROM generate_series(1, $1::int) n`,
    [count, days],
  );

test('keys of actions go after a year, whoever asks for less goes below no floor, and nothing else may remove one', async () => {
  await sessions(1, 400);
  await keysOfActions(20, 366);
  await keysOfActions(5, 364);
  await planted(
    `INSERT INTO ops.bulk_run (request_id, session_id, action, remaining, begun_at)
     SELECT gen_random_uuid(), (SELECT min(id::text)::uuid FROM ops.operator_session), 'accounts.freeze', 0, now() - make_interval(days => 363 + n) FROM generate_series(1, 4) n`,
  );
  await expect(work('cleanup-estimate', { policy: 'action-keys', days: 89 })).rejects.toThrow('stays at least 90 days');
  await expect(rows('DELETE FROM ops.action_run')).rejects.toThrow('is not allowed');
  await expect(rows('DELETE FROM ops.bulk_run')).rejects.toThrow('is not allowed');
  await expect(rows(`UPDATE ops.action_run SET result = '{"other": true}'`)).rejects.toThrow('cannot be changed');
  await expect(query(asRole(database.url, 'bursar_operator'), 'DELETE FROM ops.action_run')).rejects.toThrow('permission denied');
  expect(await clean('action-keys')).toMatchObject({ counted: { rows: 23 }, removed: 23 });
  expect([await number('SELECT count(*) FROM ops.action_run'), await number('SELECT count(*) FROM ops.bulk_run')]).toEqual([5, 1]);
});

test('a session that is over goes only when nothing speaks of it: every table that names sessions is asked', async () => {
  const { rows: asked } = { rows: rowParts.find(({ relation }) => relation === 'ops.operator_session')?.where ?? '' };
  const naming = await rows(
    `SELECT c.conrelid::regclass::text AS table, a.attname AS column, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = a.attnum) AS indexed
       FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f' AND c.confrelid = 'ops.operator_session'::regclass`,
  );
  expect(naming.length).toBeGreaterThan(5);
  expect(
    naming.filter(
      ({ table, column, indexed }) => indexed !== true || !asked.includes(`FROM ${String(table)} x WHERE x.${String(column)} = t.id`),
    ),
  ).toEqual([]);

  await sessions(30, 91);
  await sessions(3, 80);
  await planted(
    `INSERT INTO ops.write_window (session_id, operator_id, reason, opened_at, expires_at)
     SELECT s.id, s.operator_id, 'a reason', s.started_at, s.expires_at - interval '7 hours 30 minutes' FROM (SELECT * FROM ops.operator_session ORDER BY expires_at DESC OFFSET 3 LIMIT 2) s, generate_series(1, 1) n`,
  );
  const before = await number('SELECT count(*) FROM ops.operator_session');
  await expect(rows('DELETE FROM ops.operator_session')).rejects.toThrow(/is not allowed|violates foreign key/);
  expect(await clean('operator-sessions')).toMatchObject({ removed: 28 });
  expect(await number('SELECT count(*) FROM ops.operator_session')).toBe(before - 28);
  expect(await number('SELECT count(*) FROM ops.write_window')).toBe(2);
});

test('a refused posting goes after a year, and never before the key that answers with it', async () => {
  await refusals(40, 366);
  await refusals(7, 360);
  await planted(
    `INSERT INTO bank.idempotency_key (key, content_hash, refusal_id, created_at)
     SELECT gen_random_uuid(), sha256('x'), r.id, r.refused_at FROM (SELECT * FROM bank.posting_refusal ORDER BY id LIMIT 3) r, generate_series(1, 1) n`,
  );
  await expect(work('cleanup-estimate', { policy: 'posting-refusals', days: 364 })).rejects.toThrow('stays at least 365 days');
  await expect(rows('DELETE FROM bank.posting_refusal')).rejects.toThrow('is not allowed');
  await expect(rows(`UPDATE bank.posting_refusal SET message = 'nothing happened'`)).rejects.toThrow('is not allowed');
  expect(await clean('posting-refusals')).toMatchObject({ removed: 37 });
  await clean('posting-keys');
  expect(await clean('posting-refusals')).toMatchObject({ removed: 3 });
  expect(await number('SELECT count(*) FROM bank.posting_refusal')).toBe(7);
});

test('counting what may go reads what is old and not the whole table', async () => {
  const many = full ? 1_000_000 : 10_000;
  await refusals(many, 0);
  await sessions(full ? 100_000 : 5_000, 0);
  await keysOfActions(many, 0);
  await keysOfActions(50, 366);
  await rows('ANALYZE bank.posting_refusal');
  await rows('ANALYZE ops.operator_session');
  await rows('ANALYZE ops.action_run');
  const took: Record<string, string> = {};
  for (const part of rowParts.filter(({ policy }) => ['action-keys', 'operator-sessions', 'posting-refusals'].includes(policy))) {
    const plan = JSON.stringify(
      await rows(
        `EXPLAIN SELECT count(*) FROM ${part.relation} t WHERE ${part.time} < now() - interval '365 days' AND ${part.where ?? 'true'}`,
      ),
    );
    expect(plan).not.toMatch(new RegExp(`Seq Scan on ${part.relation.split('.')[1] ?? ''} t`));
    const began = performance.now();
    await work('cleanup-estimate', { policy: part.policy });
    took[`ms ${part.what}`] = (performance.now() - began).toFixed(0);
  }
  report('estimates of more policies', { 'rows in each table': many, ...took });
});
