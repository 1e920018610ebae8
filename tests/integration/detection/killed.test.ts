import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { detect } from '../../../src/detection/run.ts';
import { aDetectionBank, type DetectionBank } from '../../support/detection-bank.ts';
import { everyDeposit } from '../../support/every-deposit.ts';
import { post } from '../../support/posting.ts';
import { full, report } from '../../support/reliability.ts';

const kills = full ? 60 : 3;

let world: DetectionBank;
beforeAll(async () => {
  world = await aDetectionBank();
  await world.set('detection.overlap-seconds', 0);
  // one rule opens alerts alone
  await world.set('detection.alert-score', 30);
});
afterAll(() => world[Symbol.asyncDispose]());

/** From now on every hit takes its time, so that a kill lands between the first and the last of a run. */
const holdUp = async (): Promise<void> => {
  await world.bank.db.query(`
    CREATE SEQUENCE public.raised; GRANT ALL ON SEQUENCE public.raised TO PUBLIC;
    CREATE FUNCTION public.hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('public.raised'); PERFORM pg_sleep(0.004); RETURN new; END $$;
    CREATE TRIGGER hold_up BEFORE INSERT ON ops.rule_hit FOR EACH ROW EXECUTE FUNCTION public.hold_up();
    CREATE TRIGGER hold_up BEFORE INSERT ON ops.alert FOR EACH ROW EXECUTE FUNCTION public.hold_up()`);
};
const one = async <T>(sql: string): Promise<T> => Object.values((await world.bank.rows(sql))[0] ?? {})[0] as T;
const raised = async (): Promise<number> => Number(await one<string>('SELECT last_value FROM public.raised'));

/** Starts a console that detects, and kills it while it stores what it saw. */
const runAndKill = async (after: number): Promise<void> => {
  const program = path.join(import.meta.dirname, '..', '..', 'support', 'detect-process.ts');
  const goal = (await raised()) + after;
  const child = spawn(process.execPath, [program, world.bank.url, world.bank.one.token], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  await vi.waitUntil(async () => (await raised()) >= goal, { timeout: 30_000, interval: 2 });
  child.kill('SIGKILL');
  await ended;
  const left = `SELECT FROM pg_stat_activity WHERE application_name LIKE 'bursar ${child.pid} %'`;
  await vi.waitUntil(async () => (await world.bank.rows(left)).length === 0, { timeout: 60_000, interval: 10 });
  // the minute of its lease, at once
  await world.bank.behindItsBack('UPDATE ops.detection_run SET lease_until = started_at WHERE finished_at IS NULL');
};

test(
  'kill -9 in the middle of a run loses no hit, stores none twice and opens one alert for each account',
  async () => {
    await holdUp();
    const accounts: string[] = [];
    while (accounts.length < 8) accounts.push((await world.bank.account()).id);
    const db = await world.bank.connect();
    const over = new AbortController();
    const posted: string[] = [];
    const posting = (async () => {
      for (let turn = 0; !over.signal.aborted; turn++) {
        const answer = await post(db, { type: 'deposit', to: accounts[turn % accounts.length] ?? '', amount: 100 });
        if (answer.transaction_id !== null) posted.push(answer.transaction_id);
        await pause(posted.length < 200 ? 15 : 500);
      }
    })();
    for (let kill = 0; kill < kills; kill++) await runAndKill(3 + ((kill * 53) % 150));
    over.abort();
    await posting;
    await db.end();
    await world.bank.db.query('DROP TRIGGER hold_up ON ops.rule_hit; DROP TRIGGER hold_up ON ops.alert');
    const unfinished = await one<number>('SELECT count(*)::int FROM ops.detection_run WHERE finished_at IS NULL');
    const before = await one<number>('SELECT count(*)::int FROM ops.rule_hit');
    const last = await detect(world.watch, [everyDeposit]);
    const again = await detect(world.watch, [everyDeposit], { hours: 1 });

    const hits = (await world.bank.rows<{ id: string }>('SELECT last_id AS id FROM ops.rule_hit')).map(({ id }) => id);
    const alerts = await world.bank.rows<{ account_id: string; hits: number }>('SELECT account_id, hits FROM ops.alert');
    const audited = await one<number>(`SELECT sum(jsonb_array_length(new -> 'opened'))::int FROM ops.audit WHERE action = 'detection.run'`);
    report('consoles killed while they detect', {
      killed: kills,
      'runs left unfinished': unfinished,
      deposits: posted.length,
      'hits stored by those who were killed': before,
      hits: hits.length,
      lost: posted.filter(id => !hits.includes(id)).length,
      twice: hits.length - new Set(hits).size,
      alerts: alerts.length,
      'alerts in the audit log': audited,
    });
    expect(last?.finished).toBe(true);
    expect(again?.results[0]).toMatchObject({ hits: posted.length, found: 0, opened: 0 });
    expect(hits.toSorted()).toEqual(posted.toSorted());
    expect(alerts.map(alert => alert.account_id).toSorted()).toEqual(accounts.toSorted());
    expect(alerts.reduce((sum, alert) => sum + alert.hits, 0)).toBe(posted.length);
    expect(audited).toBe(accounts.length);
    expect(unfinished).toBeGreaterThan(0);
  },
  full ? 600_000 : 120_000,
);
