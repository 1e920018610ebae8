import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDatabase } from '../../../src/database/client.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { keepLooking } from '../../../src/kit/keep-looking.ts';
import { securityWatchOf } from '../../../src/kit/security-watch.ts';
import { aBank, type Bank } from '../../support/acting.ts';
import { full, inParallel, report } from '../../support/reliability.ts';
import { connectAs } from '../../support/role-connection.ts';

vi.setConfig({ testTimeout: 120_000 });

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const failures = (name: string, ago: string, times: number): string =>
  `INSERT INTO bank.auth_event (type, username, ip, at) SELECT 'login_failure', '${name}', '198.18.9.9', now() - interval '${ago}' FROM generate_series(1, ${times})`;
const gather = () => bank.rows(`SELECT ops.gather_security_events($1)`, [bank.one.token]);
const countOf = async (name: string) =>
  (await bank.rows<{ count: number }>('SELECT count FROM ops.security_event WHERE subject = $1', [`failed logins|${name}`])).map(
    ({ count }) => count,
  );

const until = (condition: () => boolean | Promise<boolean>): Promise<boolean> =>
  vi.waitUntil(condition, { timeout: 100_000, interval: 10 });

test('two consoles that gather at once, while failures commit late and in any order, leave each event once and counted whole', async () => {
  const [users, each, consoles] = full ? [40, 50, 4] : [12, 20, 2];
  const writers = await Promise.all(Array.from({ length: 6 }, () => bank.connect()));
  const gatherers = await Promise.all(Array.from({ length: consoles }, () => connectAs(bank.url, 'bursar_operator')));
  let gathered = 0;
  const written = new AbortController();
  const gathering = gatherers.map(async client => {
    while (!written.signal.aborted) {
      await client.query('SELECT ops.gather_security_events($1)', [bank.one.token]);
      gathered++;
    }
  });
  const failing = Array.from({ length: users * each }, (_, index) => `crowd${index % users}`);
  await inParallel(writers, failing, async (client, name, index) => {
    await client.query('BEGIN');
    await client.query(failures(name, `${index % 40} seconds`, 1));
    // some are written and not yet visible while others gather
    if (index % 3 === 0) await client.query(`SELECT pg_sleep(0.01)`);
    await client.query('COMMIT');
  });
  written.abort();
  await Promise.all(gathering);
  await gather();
  const stored = await bank.rows<{ subject: string; count: number }>(
    `SELECT subject, count FROM ops.security_event WHERE subject LIKE 'failed logins|crowd%'`,
  );
  expect(stored).toHaveLength(users);
  expect(new Set(stored.map(({ subject }) => subject)).size).toBe(users);
  expect(stored.filter(({ count }) => count !== each)).toEqual([]);
  report('security events under two consoles', { failures: users * each, gatherings: gathered, events: stored.length });
  for (const client of [...writers, ...gatherers]) await client.end();
});

test('what a transaction wrote hours ago and commits now is counted, however often was gathered meanwhile', async () => {
  await gather();
  // as if the last gathering were four hours ago
  await bank.behindItsBack(
    `UPDATE ops.security_watch SET since = now() - interval '4 hours', mark_at = now() - interval '4 hours', mark_next = pg_snapshot_xmax(pg_current_snapshot())::text::bigint`,
  );
  const late = await bank.connect();
  await late.query('BEGIN');
  await late.query(failures('late', '3 hours', 12));
  for (let turn = 0; turn < 4; turn++) {
    await bank.rows(failures(`other${turn}`, '1 second', 1));
    await gather();
  }
  expect(await countOf('late')).toEqual([]);
  await late.query('COMMIT');
  await gather();
  expect(await countOf('late')).toEqual([12]);
  await late.end();

  // and once nothing is under way it looks at the new only: a transaction of another database of the server counts as well, and ends some time
  await until(async () => {
    await gather();
    const [watch] = await bank.rows<{ recent: boolean }>(`SELECT since > now() - interval '1 hour' AS recent FROM ops.security_watch`);
    return watch?.recent === true;
  });
});

test('a console gathers beside its screen, also while it is locked; an ended session is told and tried again with the next one', async () => {
  const database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
  const end = new AbortController();
  const errors: unknown[] = [];
  let token = bank.two.token;
  try {
    await bank.behindItsBack('UPDATE ops.operator_session SET locked_at = now() WHERE operator_id = $1', [bank.two.id]);
    const gathering = keepLooking(() => securityWatchOf(database, token).gather(), {
      signal: end.signal,
      firstAfterMs: 1,
      everyMs: 10,
      onError: error => errors.push(error),
    });
    await bank.rows(failures('locked-screen', '1 minute', 10));
    await until(async () => (await countOf('locked-screen')).length === 1);
    expect(errors).toEqual([]);
    await bank.behindItsBack('UPDATE ops.operator_session SET revoked_at = now() WHERE operator_id = $1', [bank.two.id]);
    await until(() => errors.length > 0);
    token = bank.one.token;
    await bank.rows(failures('next-one', '1 minute', 10));
    await until(async () => (await countOf('next-one')).length === 1);
    end.abort();
    await gathering;
  } finally {
    end.abort();
    await database.close();
  }
});

test('gathering reads the newest hours of a million sign-ins, not all of them', { timeout: 180_000 }, async () => {
  const [rows, limit] = full ? [1_000_000, 500] : [30_000, 1_000];
  for (let from = 0; from < rows; from += 50_000)
    await bank.rows(
      `INSERT INTO bank.auth_event (type, username, user_id, ip, at)
       SELECT CASE WHEN g % 20 = 0 THEN 'login_failure' ELSE 'login_success' END, 'user' || g % 50000, g % 50000, ('198.18.' || (g % 50000) / 256 || '.' || g % 256)::inet,
              now() - ($1::bigint - g) * (interval '90 days' / $1::bigint) FROM generate_series($2::bigint + 1, least($1::bigint, $2::bigint + 50000)) g`,
      [rows, from],
    );
  await bank.rows('ANALYZE bank.auth_event');
  await gather();
  await gather();
  const took: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const began = performance.now();
    await gather();
    took.push(performance.now() - began);
  }
  const median = took.toSorted((a, b) => a - b)[2] ?? 0;
  report('gathering security events', { 'sign-ins': rows, 'ms (median of 5)': Math.round(median) });
  expect(median).toBeLessThan(limit);
});
