import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { act, hashOf, openOperatorSession, refusal } from '../../support/acting.ts';
import { plantPlan } from '../../support/plans.ts';
import { full, report } from '../../support/reliability.ts';
import { aScheduleBank, type ScheduleBank } from '../../support/schedule-bank.ts';

const processes = 5;
/** Plans, and what each owes. */
const plans = full ? 10 : 4;
const owed = full ? 20 : 4;

let world: ScheduleBank;
beforeAll(async () => {
  world = await aScheduleBank({ ann: ['analyst'] });
});
const started: ChildProcess[] = [];
afterAll(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  await world[Symbol.asyncDispose]();
});
afterEach(() =>
  world.bank.behindItsBack(
    'DELETE FROM ops.schedule_run; DELETE FROM ops.run_step; DELETE FROM ops.run; DELETE FROM ops.schedule WHERE runbook IS NOT NULL',
  ),
);

type Console = { readonly child: ChildProcess; readonly token: string };

const aProcess = async (): Promise<Console> => {
  const token = await openOperatorSession(world.bank.db, world.bank.one.id);
  const program = path.join(import.meta.dirname, '..', '..', 'support', 'schedule-process.ts');
  const child = spawn(process.execPath, [program, world.bank.url, token, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  return { child, token };
};

const end = async ({ child }: Console, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
};

/** A due time of one plan that is ours to queue. */
const claimed = async (name: string, token = world.bank.one) => {
  const { schedule } = world.as(token);
  const { jobs, now } = await schedule.list();
  const job = jobs.find(row => row.name === name);
  if (!job) throw new Error(`there is no job ${name}`);
  const at = new Date(job.lookedUntil.getTime() + 60_000);
  expect(at.getTime()).toBeLessThanOrEqual(now.getTime());
  const { said, claim } = await schedule.claim(name, { at, last: at, times: 1 }, job.lookedUntil);
  if (!claim) throw new Error(said);
  return { schedule, claim };
};

const queued = () =>
  world.bank.rows<{ number: string; status: string; due: Date }>('SELECT number, status, due_at AS due FROM ops.run ORDER BY number');

test(
  `${processes} processes, two of them killed: each due time of a plan queues one run`,
  async () => {
    const wanted = plans * owed;
    const consoles = await Promise.all(Array.from({ length: processes }, aProcess));
    const [moment] = await world.bank.rows<{ now: string }>(`SELECT date_trunc('minute', clock_timestamp())::text AS now`);
    const until = moment?.now ?? '';
    for (let plan = 0; plan < plans; plan++) await plantPlan(world.bank, `plan-${plan}`, owed, { before: until });
    await vi.waitFor(async () => expect((await queued()).length).toBeGreaterThan(wanted / 4), { timeout: 40_000, interval: 5 });
    const killed = consoles.slice(0, 2);
    await Promise.all(killed.map(one => end(one, 'SIGKILL')));
    // The fifteen seconds of their leases, at once
    const left = await world.bank.rows(
      `UPDATE ops.schedule_run d SET lease_until = d.began_at FROM ops.operator_session s WHERE s.id = d.claimed_by AND s.token_hash = ANY ($1) AND d.status = 'claimed' RETURNING d.id`,
      [killed.map(({ token }) => Buffer.from(hashOf(token)))],
    );
    const ended = `SELECT count(*)::int AS n FROM ops.schedule_run WHERE due_at <= $1 AND finished_at IS NOT NULL`;
    await vi.waitFor(async () => expect((await world.bank.rows<{ n: number }>(ended, [until]))[0]?.n).toBe(wanted), {
      timeout: 60_000,
      interval: 50,
    });
    await Promise.all(consoles.slice(2).map(one => end(one, 'SIGTERM')));
    const rows = await world.bank.rows<{ status: string; runs: number; steps: number; audits: number }>(
      `SELECT d.status, (SELECT count(*)::int FROM ops.run r WHERE r.schedule_id = d.schedule_id AND r.due_at = d.due_at) AS runs,
              (SELECT count(*)::int FROM ops.run_step t WHERE t.run_id = d.run_id) AS steps,
              (SELECT count(*)::int FROM ops.audit a JOIN ops.run r ON a.entity = 'run' AND a.entity_id = r.number::text WHERE r.id = d.run_id) AS audits
         FROM ops.schedule_run d WHERE d.due_at <= $1`,
      [until],
    );
    const of = (count: number) => rows.filter(({ runs }) => runs === count).length;
    report('planned runs, two of five consoles killed', {
      processes, 'due times': wanted, 'under way when they were killed': left.length, 'queued once': of(1), 'queued twice': of(2), 'not queued': of(0),
    }); // prettier-ignore
    expect(rows).toHaveLength(wanted);
    expect(rows.filter(row => row.status !== 'succeeded' || row.runs !== 1 || row.steps !== 1 || row.audits !== 1)).toEqual([]);
  },
  full ? 150_000 : 120_000,
);

test('a console that dies between claiming and queueing, or between queueing and saying so, leaves one run', async () => {
  await plantPlan(world.bank, 'plan-a', 1);
  const expire = () => world.bank.behindItsBack('UPDATE ops.schedule_run SET lease_until = began_at');
  await claimed('plan-a');
  await expire();
  const { schedule } = world.as(world.bank.two);
  const again = await schedule.claimLeft(['plan-a']);
  if (!again) throw new Error('nobody left anything');
  const number = await schedule.queueRun(again);
  await expire();
  const third = await world.as(world.bank.one).schedule.claimLeft(['plan-a']);
  if (!third) throw new Error('nobody left anything');
  expect(await world.as(world.bank.one).schedule.queueRun(third)).toBe(number);
  await expect(schedule.queueRun(again)).rejects.toThrow('no planned run is due in this session');
  expect(await world.as(world.bank.one).schedule.finish(third, true, 'queued')).toBe(true);
  expect(await queued()).toHaveLength(1);
  const [step] = await world.bank.rows<{ words: string[] }>('SELECT words FROM ops.run_step');
  expect(step?.words).toEqual(['bursar', 'maintain', 'look', '--for', 'two words']);
});

test('a run that works on the same target keeps it from being queued, in words; so does a host that was retired', async () => {
  await plantPlan(world.bank, 'plan-b', 2, { dangerous: true, target: 'bank at db1' });
  const first = await claimed('plan-b');
  const number = await first.schedule.queueRun(first.claim);
  await first.schedule.finish(first.claim, true, 'queued');
  const second = await claimed('plan-b');
  await expect(second.schedule.queueRun(second.claim)).rejects.toThrow(
    `run ${number} (Planned plan-b) works on bank at db1, so this one was not queued`,
  );
  await second.schedule.finish(second.claim, false, 'not queued');
  expect(await queued()).toHaveLength(1);

  await plantPlan(world.bank, 'plan-c', 1);
  await world.bank.behindItsBack(`UPDATE ops.host SET retired_at = now() WHERE name = 'planned-host'`);
  const third = await claimed('plan-c');
  await expect(third.schedule.queueRun(third.claim)).rejects.toThrow('a host of plan-c is retired');
  await world.bank.behindItsBack(`UPDATE ops.host SET retired_at = NULL WHERE name = 'planned-host'`);
  expect(await queued()).toHaveLength(1);
});

test('nobody queues without the permission to use hosts, and no word of a plan is changed but by planning it anew', async () => {
  const id = await plantPlan(world.bank, 'plan-d', 2);
  const [row] = await world.bank.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'ann'`);
  const ann = { id: row?.id ?? '', name: 'ann', token: await openOperatorSession(world.bank.db, row?.id ?? '') };
  await expect(claimed('plan-d', ann)).rejects.toThrow('forbidden');
  const code = async (attempt: () => Promise<unknown>) => (await refusal(world.bank.db, attempt)).code;
  for (const change of [`cron = '0 0 1 1 *'`, `plan = plan || '{"target": "elsewhere"}'`, `runbook = 'search-log'`, 'unplanned_at = now(), unplanned_by = 1', 'planned_by = 2'])
    expect(await code(() => world.bank.db.query(`UPDATE ops.schedule SET ${change} WHERE id = $1`, [id]))).toMatch(/^BU0(04|10)$/);

  const { claim, schedule } = await claimed('plan-d');
  await act(world.bank.db, world.bank.one, 'schedule.unplan', db => db.query('SELECT ops.unplan_run($1, 0)', [id]));
  await expect(schedule.queueRun(claim)).rejects.toThrow('plan-d was unplanned');
  await schedule.finish(claim, false, 'unplanned');
  expect((await schedule.list()).jobs.some(({ name }) => name === 'plan-d')).toBe(false);
  const anew = (steps: string) =>
    act(world.bank.db, world.bank.one, 'schedule.plan', db =>
      db.query(`SELECT ops.plan_run('plan-d', 'Planned anew', 'queues a run', '0 3 * * *', 60, 'host-report', $1)`, [
        `{"version": "1", "title": "Planned anew", "target": "here", "dangerous": false, "input": {}, "steps": ${steps}}`,
      ]),
    );
  expect(await code(() => anew('[]'))).toBe('BU007');
  expect(await code(() => anew('[{"title": "look", "host": "nowhere", "words": ["id"], "timeoutSeconds": 5}]'))).toBe('BU007');
  const step = '{"title": "look", "host": "planned-host", "words": ["id"], "timeoutSeconds": 5}';
  await anew(`[${step}]`);
  expect(await code(() => anew(`[${step}]`))).toBe('BU007');
  await world.bank.behindItsBack(`UPDATE ops.schedule SET unplanned_at = now(), unplanned_by = 1 WHERE name = 'plan-d'; UPDATE ops.host SET environment = 'production'`);
  expect(await code(() => anew(`[${step}]`))).toBe('BU012');
}); // prettier-ignore
