import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDirect, type Direct } from '../../../src/database/direct.ts';
import { randomFrom } from '../../../src/demo/random.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { full, report, seed } from '../../support/reliability.ts';
import { aWork } from '../../support/works.ts';
import { program } from '../../support/program.ts';

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 });

let database: TestDatabase;
let owner: Direct;
/** Has a row for as long as nothing may come to its end. */
let holder: Direct;
beforeAll(async () => {
  database = await aDatabase('empty');
  [owner, holder] = [
    await openDirect(database.url, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined),
    await openDirect(database.url, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined),
  ];
  await holder.query('SET idle_in_transaction_session_timeout = 0');
});
afterAll(async () => {
  await owner.end();
  await holder.end();
  await database.drop();
});

const number = async (sql: string, values: unknown[] = []): Promise<number> => {
  const { rows } = await owner.query<{ n: string }>(`SELECT (${sql})::text AS n`, values);
  return Number(rows[0]?.n);
};
const events = (condition = 'true'): Promise<number> => number(`SELECT count(*) FROM platform.event WHERE ${condition}`);
const plant = (count: number, from: string, to: string): Promise<unknown> =>
  owner.query(
    `INSERT INTO platform.event (at, level, source, message)
     SELECT clock_timestamp() - $2::interval - random() * ($3::interval - $2::interval), 'info', 'test', 'event ' || n FROM generate_series(1, $1::int) n`,
    [count, from, to],
  );

/** The work as a process of its own, as a run starts it. */
const launch = (home: string, ...args: string[]) => {
  const env = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', BURSAR_HOME: home, DATABASE_URL: database.url };
  const child = spawn(process.execPath, [program, 'maintain', ...args], { env, stdio: 'ignore' });
  return { child, ended: once(child, 'exit') as Promise<[number | null, string | null]> };
};

const estimate = async (): Promise<{ readonly id: number; readonly rows: number }> => {
  const counted = await aWork({ url: database.url })('cleanup-estimate', { policy: 'activity-logs' });
  return { id: Number(counted['cleanup']), rows: Number(counted['rows']) };
};

test('reliability 24: what is removed is what was counted, while others write', async () => {
  const rounds = full ? 20 : 3;
  const worst = { off: 0, rows: 0 };
  for (let round = 0; round < rounds; round++) {
    await plant(full ? 20_000 : 3_000, '80 days', '120 days');
    const { rows: [edge] } = await owner.query<{ at: string }>(`SELECT (now() - interval '89 days 23 hours')::text AS at`); // prettier-ignore
    const young = await events(`at >= '${edge?.at ?? ''}'`);
    const counted = await estimate();
    const work = aWork({ url: database.url })('cleanup', { estimate: counted.id });
    await plant(500, '0 days', '60 days');
    const removed = Number((await work)['removed']);
    worst.off = Math.max(worst.off, Math.abs(removed - counted.rows) / Math.max(1, counted.rows));
    worst.rows += removed;
    expect(removed).toBe(counted.rows);
    expect(await events(`at >= '${edge?.at ?? ''}'`)).toBe(young + 500);
  }
  report('cleanup estimate against result', { rounds, rows: worst.rows, '% off at most (1 allowed)': (worst.off * 100).toFixed(3) });
});

type Begun = { readonly killed: boolean; readonly code: number | null };

/** Carries a cleanup out in a process of its own, which is killed so many milliseconds after it removed something; undefined lets it be. */
const beginAndKill = async (home: string, id: number, killAfter: number | undefined): Promise<Begun> => {
  const removed = (): Promise<number> => number('SELECT removed FROM ops.cleanup WHERE id = $1', [id]);
  const goal = (await removed()) + 1;
  // what somebody holds is waited for, so that it cannot be over before it is killed
  if (killAfter !== undefined)
    await holder.query(`BEGIN; SELECT FROM platform.event WHERE at < now() - interval '91 days' ORDER BY id DESC LIMIT 1 FOR UPDATE`);
  const { child, ended } = launch(home, 'cleanup', '--estimate', String(id));
  // somewhere among the batches, not while the program only starts
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await vi.waitUntil(async () => isOver() || (await removed()) >= goal, { timeout: 90_000, interval: 2 });
  if (killAfter !== undefined) {
    await pause(killAfter);
    child.kill('SIGKILL');
  }
  const [code, signal] = await ended;
  await holder.query('ROLLBACK');
  // a batch under way is rolled back whole, or was committed with its count
  const left = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bursar maintain' AND datname = current_database()`;
  await vi.waitUntil(async () => (await number(left)) === 0, { timeout: 40_000, interval: 20 });
  return { killed: signal === 'SIGKILL', code };
};

test('reliability 23: killed with -9 wherever it is, it goes on where it was: not one row more than was counted', async () => {
  const [rounds, killsEach] = full ? [20, 3] : [1, 2];
  const random = randomFrom(seed, 'cleanup kills');
  const home = aCommandHome();
  let [kills, within] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    await plant(30_000, '91 days', '300 days');
    await plant(2_000, '0 days', '89 days');
    const counted = await estimate();
    const kept = (await events()) - counted.rows;
    const sums: number[] = [];
    const ends: Begun[] = [];
    for (let attempt = 0; ends.at(-1)?.killed !== false; attempt++) {
      ends.push(await beginAndKill(home, counted.id, attempt < killsEach ? random.below(120) : undefined));
      const removed = await number('SELECT removed FROM ops.cleanup WHERE id = $1', [counted.id]);
      sums.push((await events()) + removed);
      if (removed < counted.rows) within++;
    }
    kills += ends.filter(({ killed }) => killed).length;
    expect(sums).toEqual(sums.map(() => counted.rows + kept));
    expect([ends.at(-1)?.code, await events()]).toEqual([0, kept]);
  }
  expect(kills).toBeGreaterThan(0);
  report('cleanup killed with -9', { rounds, kills, 'of them with more to do': within, 'rows removed beyond the count': 0 });
});

/** Readers of the newest page and of single rows, so many a second together; gives how long each read took, in milliseconds. */
const readers = async (perSecond: number, until: () => boolean): Promise<readonly number[]> => {
  const connections = await Promise.all(
    Array.from({ length: 8 }, () => openDirect(database.url, { applicationName: 'reader', readOnly: true }, () => undefined)),
  );
  const took: number[] = [];
  const each = 1_000 / (perSecond / connections.length);
  await Promise.all(
    connections.map(async (connection, index) => {
      let due = performance.now() + (index * each) / connections.length;
      while (!until()) {
        const wait = due - performance.now();
        if (wait > 1) await pause(wait);
        const began = performance.now();
        await connection.query('SELECT id, at, level, source, message FROM platform.event ORDER BY at DESC, id DESC LIMIT 50');
        took.push(performance.now() - began);
        due = Math.max(due + each, performance.now() - 5 * each);
      }
      await connection.end();
    }),
  );
  return took;
};

const at = (times: readonly number[], share: number): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;

test('reliability 23: reads go on while a cleanup removes what is old', async () => {
  const [count, rate, idleMs] = full ? [1_000_000, 1_500, 20_000] : [40_000, 200, 1_000];
  await plant(count, '91 days', '300 days');
  await plant(20_000, '0 days', '89 days');
  await owner.query('VACUUM (ANALYZE) platform.event');
  const counted = await estimate();
  const kept = (await events()) - counted.rows;
  const end = performance.now() + idleMs;
  const idle = await readers(rate, () => performance.now() > end);
  let over = false;
  const began = performance.now();
  const { ended } = launch(aCommandHome(), 'cleanup', '--estimate', String(counted.id));
  const [during, [code]] = await Promise.all([readers(rate, () => over), ended.finally(() => (over = true))]);
  const seconds = (performance.now() - began) / 1_000;
  expect(code).toBe(0);
  expect([await events(), await number('SELECT removed FROM ops.cleanup WHERE id = $1', [counted.id])]).toEqual([kept, counted.rows]);
  expect(during.length).toBeGreaterThan(0);
  const figures = (times: readonly number[]): string => `${at(times, 0.5).toFixed(2)} / ${at(times, 0.99).toFixed(2)}`;
  report('reads during a cleanup', {
    'rows removed': counted.rows, seconds: seconds.toFixed(1), 'reads a second': Math.round(during.length / seconds),
    'ms p50 / p99 idle': figures(idle), 'ms p50 / p99 meanwhile': figures(during),
    'times the p99 (1.2 wanted)': (at(during, 0.99) / at(idle, 0.99)).toFixed(2),
  }); // prettier-ignore
});
