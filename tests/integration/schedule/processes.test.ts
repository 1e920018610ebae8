import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { hashOf, openOperatorSession } from '../../support/acting.ts';
import { full, report } from '../../support/reliability.ts';
import { aScheduleBank, jobNames, type ScheduleBank } from '../../support/schedule-bank.ts';

const processes = 5;
/** Of every job. */
const owed = full ? 20 : 4;
const wanted = jobNames.length * owed;

let world: ScheduleBank;
beforeAll(async () => {
  world = await aScheduleBank();
});
const started: ChildProcess[] = [];
afterAll(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  await world[Symbol.asyncDispose]();
});

type Console = { readonly child: ChildProcess; readonly token: string };

/** A console as a process of its own, signed in by itself. */
const aProcess = async (took: number, token: string, without: string): Promise<Console> => {
  const program = path.join(import.meta.dirname, '..', '..', 'support', 'schedule-process.ts');
  const child = spawn(process.execPath, [program, world.bank.url, token, String(took), without], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  return { child, token };
};

/** With `sharing` each leaves another fifth of the jobs out: every job is contended for by all others, and none can do them all. */
const open = async (count: number, took: number, { sharing = false } = {}): Promise<readonly Console[]> => {
  const tokens: string[] = [];
  while (tokens.length < count) tokens.push(await openOperatorSession(world.bank.db, world.bank.one.id));
  return Promise.all(tokens.map((token, index) => aProcess(took, token, sharing ? String(index) : '')));
};

/** One that stands still in the middle of its work: a moment later it might be between one execution and the next. */
const inTheMiddle = async (consoles: readonly Console[]): Promise<Console> => {
  for (let turn = 0; ; turn++) {
    const one = consoles[turn % consoles.length];
    if (!one) throw new Error('there are no consoles');
    one.child.kill('SIGSTOP');
    // what it had asked the server for comes to its end
    const underWay = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'bursar ${one.child.pid} %' AND state = 'active'`;
    await vi.waitUntil(async () => (await world.bank.rows(underWay)).length === 0, { timeout: 30_000, interval: 10 });
    const mine = await world.bank.rows(
      `SELECT FROM ops.schedule_run d JOIN ops.operator_session s ON s.id = d.claimed_by WHERE s.token_hash = $1 AND d.status = 'claimed'`,
      [Buffer.from(hashOf(one.token))],
    );
    if (mine.length > 0) return one;
    one.child.kill('SIGCONT');
    await pause(20);
  }
};

const end = async ({ child }: Console): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};

type Tally = { readonly due: number; readonly times: number; readonly done: number; readonly repeatable: boolean; readonly status: string };

/** Every due time up to the moment of planting, what is written of it and how often its work was begun. */
const tally = (until: string): Promise<Tally[]> =>
  world.bank.rows<Tally>(
    `SELECT extract(epoch FROM d.due_at)::int AS due, d.times, s.repeatable, d.status, (SELECT count(*)::int FROM public.executed e WHERE e.job = s.name AND e.due_at = d.due_at) AS done
       FROM ops.schedule_run d JOIN ops.schedule s ON s.id = d.schedule_id WHERE s.name ~ '^test-' AND d.due_at <= $1`,
    [until],
  );

const plantAll = async (): Promise<string> => {
  const [moment] = await world.bank.rows<{ now: string }>(`SELECT date_trunc('minute', clock_timestamp())::text AS now`);
  const before = moment?.now ?? '';
  for (const name of jobNames) await world.plant(name, owed, { before });
  return before;
};

const clear = async (): Promise<void> => {
  await world.bank.behindItsBack(
    `DELETE FROM ops.schedule_run; DELETE FROM ops.schedule WHERE name ~ '^test-'; DELETE FROM public.executed`,
  );
};

afterEach(clear);

const allEnded = (until: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const [count] = await world.bank.rows<{ n: number }>(
        `SELECT coalesce(sum(d.times), 0)::int AS n FROM ops.schedule_run d JOIN ops.schedule s ON s.id = d.schedule_id WHERE s.name ~ '^test-' AND d.due_at <= $1 AND d.finished_at IS NOT NULL`,
        [until],
      );
      expect(count?.n).toBeGreaterThanOrEqual(wanted);
    },
    { timeout: 60_000, interval: 50 },
  );

test(
  `${processes} processes and ${wanted} due times: each is executed exactly once`,
  async () => {
    const consoles = await open(processes, 60, { sharing: true });
    const until = await plantAll();
    await allEnded(until);
    await Promise.all(consoles.map(end));
    const rows = await tally(until);
    const pids = await world.bank.rows<{ pid: number }>('SELECT DISTINCT pid FROM public.executed');
    report('processes and due times', {
      processes,
      'that executed something': pids.length,
      'due times': wanted,
      'executed once': rows.filter(({ done }) => done === 1).length,
      'executed twice': rows.filter(({ done }) => done > 1).length,
      'not executed': rows.filter(({ done }) => done === 0).length,
    });
    expect(rows).toHaveLength(wanted);
    expect(rows.filter(({ done, status }) => done !== 1 || status !== 'succeeded')).toEqual([]);
    expect(pids.length).toBeGreaterThan(1);
  },
  full ? 120_000 : 120_000,
);

test(
  'kill -9 in the middle: each is executed or reported as missed, and twice only what may be',
  async () => {
    const consoles = await open(2, 150);
    const until = await plantAll();
    await vi.waitFor(async () => expect((await world.bank.rows('SELECT FROM public.executed')).length).toBeGreaterThan(wanted / 4), {
      timeout: 30_000,
      interval: 5,
    });
    const victim = await inTheMiddle(consoles);
    const ended = once(victim.child, 'exit');
    victim.child.kill('SIGKILL');
    await ended;
    // The fifteen seconds of its leases, at once
    const left = await world.bank.rows(
      `UPDATE ops.schedule_run d SET lease_until = d.began_at FROM ops.operator_session s WHERE s.id = d.claimed_by AND s.token_hash = $1 AND d.status = 'claimed' RETURNING d.id`,
      [Buffer.from(hashOf(victim.token))],
    );
    await allEnded(until);
    await Promise.all(consoles.filter(one => one !== victim).map(end));
    const rows = await tally(until);
    const twice = rows.filter(({ done }) => done > 1);
    report('a console killed while it executes', {
      'due times': wanted,
      'under way when it was killed': left.length,
      succeeded: rows.filter(({ status }) => status === 'succeeded').length,
      'reported as missed': rows.filter(({ status }) => status === 'missed').length,
      'begun again, as they may be': twice.length,
      'begun again though they may not': twice.filter(({ repeatable }) => !repeatable).length,
    });
    expect(rows).toHaveLength(wanted);
    expect(left.length).toBeGreaterThan(0);
    expect(rows.filter(({ status }) => status !== 'succeeded' && status !== 'missed')).toEqual([]);
    expect(twice.filter(({ repeatable }) => !repeatable)).toEqual([]);
    expect(rows.filter(({ status, repeatable }) => status === 'missed' && repeatable)).toEqual([]);
    expect(rows.filter(({ status, done }) => status === 'succeeded' && done === 0)).toEqual([]);
  },
  full ? 120_000 : 120_000,
);
