import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isConnectionLost } from '../../src/database/fault.ts';
import { openLocalServer } from '../../src/database/local-server.ts';
import { migrate } from '../../src/database/migrate.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { randomFrom } from '../../src/demo/random.ts';
import { act, aBankOn, writeAudit, type TestOperator } from '../support/acting.ts';
import { post, type Wish } from '../support/posting.ts';
import { killProcess } from '../support/consoles.ts';
import { aHome } from '../support/home.ts';
import { full, report, seed } from '../support/reliability.ts';

const kills = full ? 50 : 3;
const posters = 6;
const migrations = path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations');

/** What a client was told, and what it still waited for when the connection broke. */
type Told = { readonly posted: Map<string, string>; readonly unanswered: Map<string, Wish>; readonly actions: string[] };

const connect = async (url: string): Promise<Client> => {
  const client = new Client(connectionSettings(url, { applicationName: 'crash test' }));
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/** Posts under keys of its own until the connection breaks. */
const postUntilBroken = async (url: string, ids: readonly string[], stream: string, told: Told): Promise<void> => {
  const random = randomFrom(seed, stream);
  const db = await connect(url);
  try {
    for (;;) {
      const from = random.pick(ids);
      const wish = {
        key: randomUUID(),
        type: 'transfer',
        from,
        to: ids[(ids.indexOf(from) + 1) % ids.length] ?? '',
        amount: random.between(1, 50),
      };
      told.unanswered.set(wish.key, wish);
      const { transaction_id: id } = await post(db, wish);
      told.unanswered.delete(wish.key);
      told.posted.set(wish.key, id ?? 'refused');
    }
  } catch (error) {
    await db.end().catch(() => undefined);
    if (!isConnectionLost(error)) throw error;
  }
};

/** Audited actions until the connection breaks. */
const actUntilBroken = async (url: string, operator: TestOperator, told: Told): Promise<void> => {
  const db = await connect(url);
  try {
    for (;;) {
      const request = randomUUID();
      await act(db, operator, 'accounts.freeze', () => writeAudit(db), { request, audit: false });
      told.actions.push(request);
    }
  } catch (error) {
    await db.end().catch(() => undefined);
    if (!isConnectionLost(error)) throw error;
  }
};

/** A connection to the server once it has recovered. */
const reconnect = (url: string): Promise<Client> => vi.waitFor(() => connect(url), { timeout: 60_000, interval: 20 });

test(`${kills} times kill -9 of Postgres under load: what was acknowledged is there, once`, { timeout: 3_600_000 }, async () => {
  await using home = aHome();
  const server = await openLocalServer({ home: home.path });
  onTestFinished(server.release);
  const setUp = await connect(server.url);
  await migrate(setUp, migrations);
  await setUp.end();
  const bank = await aBankOn(server.url, { limits: 1_000_000_000 });
  const ids: string[] = [];
  for (let index = 0; index < 20; index++) ids.push((await bank.account({ balance: 1_000_000 })).id);

  const told: Told = { posted: new Map(), unanswered: new Map(), actions: [] };
  const random = randomFrom(seed, 'kills');
  let [resolved, slowest] = [0, 0];
  for (let kill = 0; kill < kills; kill++) {
    const before = told.posted.size;
    const load = [
      ...Array.from({ length: posters }, (_, index) => postUntilBroken(server.url, ids, `poster ${kill} ${index}`, told)),
      actUntilBroken(server.url, bank.one, told),
    ];
    await vi.waitUntil(() => told.posted.size > before + 20, { timeout: 30_000, interval: 2 });
    await pause(random.between(0, 150));
    await killProcess(await home.serverPid());
    await Promise.all(load);
    const began = performance.now();
    const db = await reconnect(server.url);
    slowest = Math.max(slowest, performance.now() - began);

    // what nobody knows is asked again under its key: it becomes one posting, never two
    for (const wish of told.unanswered.values()) {
      told.posted.set(wish.key ?? '', (await post(db, wish)).transaction_id ?? 'refused');
      resolved++;
    }
    told.unanswered.clear();
    await db.end();
  }

  const db = await reconnect(server.url);
  const keys = await db.query<{ key: string; transaction_id: string }>(
    'SELECT k.key, t.id AS transaction_id FROM bank.idempotency_key k JOIN bank.transaction t ON t.id = k.transaction_id',
  );
  const found = new Map(keys.rows.map(row => [row.key, row.transaction_id]));
  const lost = [...told.posted].filter(([key, id]) => found.get(key) !== id);
  const audited = new Set((await db.query<{ id: string }>('SELECT request_id AS id FROM ops.audit')).rows.map(row => row.id));
  const unaudited = told.actions.filter(request => !audited.has(request));
  const [transfers] = (await db.query<{ count: string }>(`SELECT count(*) FROM bank.transaction WHERE type = 'transfer'`)).rows;
  const { rows: verdict } = await db.query('SELECT * FROM ops.verify_audit()');
  const { rows: unbalanced } = await db.query('SELECT * FROM bank.reconcile()');
  await db.end();
  report('kill -9 of Postgres', {
    kills, 'acknowledged postings': told.posted.size, lost: lost.length, 'doubled or nobody’s': Number(transfers?.count) - told.posted.size, 'unknown resolved by key': resolved,
    'acknowledged actions': told.actions.length, 'without audit': unaudited.length, 'slowest recovery in ms': Math.round(slowest),
  }); // prettier-ignore
  expect({ lost, unaudited, unbalanced }).toEqual({ lost: [], unaudited: [], unbalanced: [] });
  expect(Number(transfers?.count)).toBe(told.posted.size);
  expect(verdict).toMatchObject([{ first_broken: null }]);
});
