import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectionSettings } from '../../src/database/settings.ts';
import { startTraffic, type TrafficOptions } from '../../src/demo/traffic.ts';
import { r05Structuring } from '../../src/detection/r05-structuring.ts';
import { rules } from '../../src/detection/rules.ts';
import { aDatabase } from '../support/database.ts';
import { query } from '../support/query.ts';
import { hitsOf } from '../support/rule-hits.ts';

/** In milliseconds, on a machine that does much else: who waits for its turn, or for an address that does not answer, takes 2 or 5 s. */
const atOnce = 1_000;

/** Traffic that ends with its test; `troubles` is what it complained about. */
const traffic = (url: string, options: Partial<TrafficOptions> = {}) => {
  const ending = new AbortController();
  const troubles: unknown[] = [];
  const turns: boolean[] = [];
  const stopped = startTraffic(url, {
    perSecond: 100,
    seed: 1,
    signal: ending.signal,
    onError: error => troubles.push(error),
    onTurn: mine => turns.push(mine),
    ...options,
  });
  onTestFinished(() => {
    ending.abort();
    return stopped;
  });
  return { troubles, turns, stopped, stop: () => ending.abort() };
};

const posted = async (url: string): Promise<number> =>
  Number((await query(url, 'SELECT count(*) AS n FROM bank.transaction WHERE id > 60000'))[0]?.['n']);

test('traffic posts through the contract at the wished rate, and stops at once', async () => {
  await using bank = await aDatabase('demo');
  const began = Date.now();
  const running = traffic(bank.url);
  await vi.waitUntil(async () => (await posted(bank.url)) >= 100, { timeout: 60_000, interval: 50 });
  const rate = (await posted(bank.url)) / ((Date.now() - began) / 1_000);
  const stopping = performance.now();
  running.stop();
  await running.stopped;
  console.log(`traffic: ${rate.toFixed(0)} a second wished as 100, stopped after ${(performance.now() - stopping).toFixed(0)} ms`);
  expect(performance.now() - stopping).toBeLessThan(atOnce);
  expect(rate).toBeLessThan(110);
  expect(running.troubles).toEqual([]);
  expect(await query(bank.url, 'SELECT * FROM bank.reconcile()')).toEqual([]);
  expect(await query(bank.url, 'SELECT DISTINCT type FROM bank.transaction WHERE id > 60000')).toHaveLength(3);
  expect(
    await query(
      bank.url,
      `SELECT FROM bank.transaction t LEFT JOIN bank.idempotency_key k ON k.transaction_id = t.id WHERE t.id > 60000 AND k.key IS NULL`,
    ),
  ).toEqual([]);
});

test('only one process makes traffic; another takes over when it ends', async () => {
  await using bank = await aDatabase('demo');
  const first = traffic(bank.url, { perSecond: 0 });
  await vi.waitUntil(() => first.turns.at(-1) === true, { timeout: 60_000 });
  const second = traffic(bank.url, { perSecond: 50, seed: 2 });
  const waiting = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'bursar traffic' AND datname = current_database() AND query LIKE '%advisory%' AND state = 'idle'`;
  await vi.waitUntil(async () => (await query(bank.url, waiting))[0]?.['n'] === 1, { timeout: 60_000 });
  expect([second.turns, await posted(bank.url)]).toEqual([[], 0]);
  first.stop();
  await vi.waitUntil(async () => (await posted(bank.url)) > 5, { timeout: 60_000, interval: 50 });
  expect(second.turns).toEqual([true]);
});

test('traffic goes on after its connection was cut, and says what happened', async () => {
  await using bank = await aDatabase('demo');
  const running = traffic(bank.url);
  await vi.waitUntil(async () => (await posted(bank.url)) > 5, { timeout: 60_000, interval: 50 });
  await query(
    bank.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bursar traffic' AND datname = current_database()`,
  );
  await vi.waitUntil(() => running.troubles.length > 0, { timeout: 60_000 });
  const sofar = await posted(bank.url);
  await vi.waitUntil(async () => (await posted(bank.url)) > sofar + 5, { timeout: 60_000, interval: 50 });
  expect(running.turns).toEqual([true, false, true]);
});

test('a registration brings a pending account with documents and, mostly, a confirmed address', async () => {
  await using bank = await aDatabase('demo');
  const pending = `SELECT count(*)::int AS n FROM bank.account a WHERE a.status = 'pending' AND a.opened_at > now() - interval '1 minute' AND (SELECT count(*) FROM bank.document d WHERE d.user_id = a.user_id) = 2`;
  traffic(bank.url, { perSecond: 20, registrationEvery: 200 });
  await vi.waitUntil(async () => Number((await query(bank.url, pending))[0]?.['n']) >= 4, { timeout: 60_000, interval: 50 });
  expect(
    await query(
      bank.url,
      `SELECT u.id FROM bank."user" u WHERE u.created_at > now() - interval '1 minute' AND u.email_verified_at IS NOT NULL LIMIT 1`,
    ),
  ).toHaveLength(1);
});

test('structuring is planted at once where it is asked for, and nobody else looks suspicious', async () => {
  await using bank = await aDatabase('demo');
  const db = new Client(connectionSettings(bank.url, { applicationName: 'test' }));
  await db.connect();
  // The database is dropped before the connection ends
  db.on('error', () => undefined);
  onTestFinished(() => db.end());
  const since = new Date();
  const running = traffic(bank.url, { perSecond: 20, cases: 'structuring' });
  const found = await vi.waitUntil(async () => (await hitsOf(db, r05Structuring, { since }))[0], { timeout: 30_000, interval: 200 });
  console.log(
    `structuring in live traffic: found ${((Date.now() - since.getTime()) / 1_000).toFixed(1)} s after the traffic began: ${found.words}`,
  );
  running.stop();
  await running.stopped;
  expect(running.troubles).toEqual([]);
  const hits = await Promise.all(rules.map(rule => hitsOf(db, rule, { since })));
  expect(hits.flat().filter(({ account }) => account !== found.account)).toEqual([]);
  expect(await query(bank.url, `SELECT DISTINCT type, channel FROM bank.transaction WHERE id = ANY ($1)`, [found.transactions])).toEqual([
    { type: 'deposit', channel: 'branch' },
  ]);
});

test('no traffic is made in a bank that is no demo', async () => {
  await using bank = await aDatabase('empty');
  const running = traffic(bank.url);
  await running.stopped;
  expect(String(running.troubles[0])).toContain('This is no demo database: no traffic is made in it.');
});

test('it ends at once, too, where no database answers', async () => {
  const silent = createServer();
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const asked = once(silent, 'connection') as Promise<[Socket]>;
  const running = traffic(`postgresql://nobody@127.0.0.1:${port}/none`);
  const [socket] = await asked;
  onTestFinished(() => void socket.destroy());
  const stopping = performance.now();
  running.stop();
  await running.stopped;
  expect(performance.now() - stopping).toBeLessThan(atOnce);
});
