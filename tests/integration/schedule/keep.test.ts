import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { checksOf } from '../../../src/commands/scheduled-checks.ts';
import { readConfig } from '../../../src/config.ts';
import { asRole } from '../../../src/database/role-url.ts';
import type { Session } from '../../../src/kit/session.ts';
import type { Executed } from '../../../src/schedule/execute.ts';
import { JobFailed } from '../../../src/schedule/define-job.ts';
import { jobs } from '../../../src/schedule/jobs.ts';
import { keepScheduling } from '../../../src/schedule/keep.ts';
import { act, openOperatorSession, refusal, type TestOperator } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { aScheduleBank, notChecking, testJobs, type ScheduleBank } from '../../support/schedule-bank.ts';

let world: ScheduleBank;
let ann: TestOperator;
beforeAll(async () => {
  world = await aScheduleBank({ ann: ['auditor'] });
  const [row] = await world.bank.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'ann'`);
  const id = row?.id ?? '';
  ann = { id, name: 'ann', token: await openOperatorSession(world.bank.db, id) };
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.bank.behindItsBack(`DELETE FROM ops.schedule_run; DELETE FROM ops.schedule WHERE name ~ '^test-'`));

type Row = { readonly status: string; readonly times: number; readonly words: string | null; readonly claims: number };
const runsOf = (name: string): Promise<Row[]> =>
  world.bank.rows<Row>(
    'SELECT r.status, r.times, r.words, r.claims FROM ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id WHERE s.name = $1 ORDER BY r.due_at',
    [name],
  );
const idOf = async (name: string): Promise<string> =>
  (await world.bank.rows<{ id: string }>('SELECT id FROM ops.schedule WHERE name = $1', [name]))[0]?.id ?? '';

/** Keeps time for somebody until `done` holds, with work that says when it was due. */
const keep = async (done: () => Promise<boolean> | boolean, work = async () => 'done', session: Session = world.as(world.bank.one)) => {
  const end = new AbortController();
  const [executed, missed, errors]: [Executed[], string[], unknown[]] = [[], [], []];
  const kept = keepScheduling(() => session, testJobs(work), {
    ...notChecking,
    signal: end.signal,
    beat: '* * * * * *',
    onExecuted: one => executed.push(one),
    onMissed: (job, { times }) => missed.push(`${job} ${times}`),
    onError: error => errors.push(error),
  });
  try {
    await vi.waitUntil(async () => errors.length > 0 || done(), { timeout: 60_000, interval: 20 });
  } finally {
    end.abort();
    await kept;
  }
  return { executed, missed, errors };
};

test('what can no longer be caught up is reported as missed, once and as one; the rest is executed in its order, and it says when it is due next', async () => {
  await world.plant('test-0', 60, { catchUp: 9 });
  const { executed, missed } = await keep(async () => (await runsOf('test-0')).length >= 11);
  const rows = await runsOf('test-0');
  const [first] = rows;
  expect(first).toMatchObject({ status: 'missed', words: 'no console that may execute it was open in time' });
  // a minute may have begun since
  const late = first?.times ?? 0;
  expect([50, 51, 52]).toContain(late);
  expect(missed).toEqual([`test-0 ${late}`]);
  expect(rows.slice(1).every(({ status, claims }) => status === 'succeeded' && claims === 1)).toBe(true);
  expect(executed.map(({ dueAt }) => dueAt.getTime())).toEqual(executed.map(({ dueAt }) => dueAt.getTime()).toSorted((a, b) => a - b));
  const [next] = await world.bank.rows<{ n: number; ahead: boolean }>(
    `SELECT cardinality(next_due) AS n, next_due[3] > clock_timestamp() AS ahead FROM ops.schedule WHERE name = 'test-0'`,
  );
  expect(next).toEqual({ n: 3, ahead: true });
});

test('what was looked at up to a time that is still to come is not due before it, and the next times are those after it', async () => {
  await world.plant('test-7', -60);
  const ahead = `SELECT next_due[1] > looked_until AS after FROM ops.schedule WHERE name = 'test-7' AND next_due <> '{}'`;
  await keep(async () => (await world.bank.rows(ahead)).length > 0);
  expect(await world.bank.rows(ahead)).toEqual([{ after: true }]);
  expect(await runsOf('test-7')).toEqual([]);
});

test('what fails says why, is not tried again, and holds up nothing', async () => {
  await world.plant('test-1', 2);
  let turn = 0;
  const work = async (): Promise<string> => {
    turn += 1;
    if (turn === 1) throw new JobFailed('row 17 is not what it was');
    return 'fine';
  };
  await keep(async () => (await runsOf('test-1')).length >= 2, work);
  expect((await runsOf('test-1')).slice(0, 2)).toEqual([
    { status: 'failed', times: 1, words: 'row 17 is not what it was', claims: 1 },
    { status: 'succeeded', times: 1, words: 'fine', claims: 1 },
  ]);
});

test('a paused job is executed by nobody, and its pause is neither made up for nor missed; asked for now it is done, once', async () => {
  await world.plant('test-2', 5);
  const id = await idOf('test-2');
  const { one } = world.bank;
  const change = (action: string, paused: boolean, version: number) =>
    act(world.bank.db, one, action, db => db.query('SELECT ops.set_schedule_paused($1, $2, $3)', [id, paused, version]));
  await change('schedule.pause', true, 0);
  await world.plant('test-3', 1);
  await keep(async () => (await runsOf('test-3')).length >= 1);
  expect(await runsOf('test-2')).toEqual([]);

  const now = () => act(world.bank.db, one, 'schedule.run-now', db => db.query('SELECT ops.run_schedule_now($1)', [id]));
  await now();
  expect(await refusal(world.bank.db, now)).toMatchObject({ code: 'BU007' });
  await keep(async () => (await runsOf('test-2'))[0]?.status === 'succeeded');
  expect(await runsOf('test-2')).toMatchObject([{ status: 'succeeded', claims: 1 }]);

  expect(await refusal(world.bank.db, () => change('schedule.resume', false, 0))).toMatchObject({ code: 'BU005' });
  await change('schedule.resume', false, 1);
  await world.plant('test-4', 1);
  await keep(async () => (await runsOf('test-4')).length >= 1);
  expect((await runsOf('test-2')).filter(({ status }) => status === 'missed')).toEqual([]);
});

test('nobody claims without the permission, too early, for another console or past a due time', async () => {
  // one moment for all questions: a minute may begin between two of them
  const [moment] = await world.bank.rows<{ now: string }>(`SELECT date_trunc('minute', clock_timestamp())::text AS now`);
  await world.plant('test-5', 3, { before: moment?.now ?? '' });
  const minutes = (ahead: number) => `'${moment?.now}'::timestamptz + interval '${ahead} minutes'`;
  const claim = (token: string, due: string, after = minutes(-3), last = due, times = 1) =>
    world.bank.rows<{ said: string }>(`SELECT said FROM ops.claim_due($1, 'test-5', ${due}, ${last}, ${times}, ${after})`, [token]);
  const { one, two } = world.bank;
  const code = async (attempt: () => Promise<unknown>) => (await refusal(world.bank.db, attempt)).code;
  expect(await code(() => claim(ann.token, minutes(-2)))).toBe('BU002');
  expect(await code(() => claim('a token that nobody has', minutes(-2)))).toBe('BU001');
  expect(await code(() => claim(one.token, minutes(-4)))).toBe('BU004');
  expect(await code(() => claim(one.token, minutes(-2), undefined, minutes(-1), 2))).toBe('BU004');
  expect(await claim(one.token, minutes(9))).toEqual([{ said: 'early' }]);
  expect(await claim(one.token, minutes(-1), minutes(-2))).toEqual([{ said: 'moved' }]);
  expect(await claim(one.token, minutes(-2))).toEqual([{ said: 'claimed' }]);
  expect(await claim(two.token, minutes(-2))).toEqual([{ said: 'moved' }]);
  expect(await claim(two.token, minutes(-1), minutes(-2))).toEqual([{ said: 'busy' }]);
  const [run] = await world.bank.rows<{ id: string }>(`SELECT id FROM ops.schedule_run WHERE status = 'claimed'`);
  const finish = (token: string, number = 1) =>
    world.bank.rows<{ ok: boolean }>(`SELECT ops.finish_claim($1, $2, $3, true, 'x') AS ok`, [token, run?.id, number]);
  expect(await finish(two.token)).toEqual([{ ok: false }]);
  expect(await finish(one.token, 2)).toEqual([{ ok: false }]);
  expect(await finish(one.token)).toEqual([{ ok: true }]);
  expect(await finish(one.token)).toEqual([{ ok: false }]);
  const rows = [
    'UPDATE ops.schedule_run SET status = $$claimed$$',
    'DELETE FROM ops.schedule_run',
    'TRUNCATE ops.schedule_run',
    `UPDATE ops.schedule SET cron = '0 0 1 1 *'`,
  ];
  for (const sql of rows) expect(await code(() => world.bank.db.query(sql))).toMatch(/^BU0(07|10)$/);
});

test('every job that is no loop of its own has its work here, and what the database calls due is one', async () => {
  const rows = await world.bank.rows<{ name: string }>(
    `SELECT name FROM ops.schedule WHERE NOT built_in AND runbook IS NULL AND name !~ '^test-' ORDER BY name`,
  );
  expect(rows.map(({ name }) => name)).toEqual(jobs.map(({ name }) => name).toSorted());
});

test('a broken audit log and a balance that is wrong fail their jobs, with the row and the account', async () => {
  const migrations = path.join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations');
  const url = asRole(world.bank.url, 'bursar_operator');
  const checks = checksOf(url, { config: readConfig({ BURSAR_HOME: aCommandHome(), DATABASE_URL: url }, '/nowhere'), migrations });
  const { number, id } = await world.bank.account();
  expect(await checks.ledger()).toBe('every balance is the sum of its postings');
  expect(await checks.audit()).toMatch(/^\d+ rows, unbroken/);
  await world.bank.behindItsBack('UPDATE bank.account SET balance = 7 WHERE id = $1', [id]);
  await world.bank.behindItsBack(`UPDATE ops.audit SET note = 'another note' WHERE seq = 2`);
  await expect(checks.ledger()).rejects.toThrow(`not the sum of their postings: ${number}`);
  await expect(checks.audit()).rejects.toThrow(/BROKEN row 2 .*its content was changed/);
  await expect(checks.audit()).rejects.toBeInstanceOf(JobFailed);
});

test('the daily review is opened as the work of its claim, once a day, with its row in audit', async () => {
  const { one } = world.bank;
  const { schedule } = world.as(one);
  const open = async () => {
    await world.bank.behindItsBack(
      `INSERT INTO ops.schedule_run (schedule_id, due_at, status, asked_by) SELECT id, clock_timestamp(), 'waiting', $1 FROM ops.schedule WHERE name = 'daily-review'`,
      [one.id],
    );
    const claim = await schedule.claimLeft(['daily-review']);
    if (!claim) throw new Error('it waits for nobody');
    const words = await schedule.openDaily(claim);
    await schedule.finish(claim, true, words);
    return words;
  };
  expect(await open()).toMatch(/^opened the review of .* with \d+ items$/);
  expect(await open()).toMatch(/was opened already$/);
  const audit = await world.bank.rows(`SELECT operator, action, outcome::text FROM ops.audit WHERE action = 'daily.open'`);
  expect(audit).toEqual([{ operator: 'one', action: 'daily.open', outcome: 'success' }]);
  await world.plant('test-6', 2);
  const other = await schedule.claim('test-6', await due(), await lookedUntil());
  if (!other.claim) throw new Error(other.said);
  await expect(schedule.openDaily(other.claim)).rejects.toThrow('not due in this session');
});

const lookedUntil = async (): Promise<Date> =>
  (await world.bank.rows<{ at: Date }>(`SELECT looked_until AS at FROM ops.schedule WHERE name = 'test-6'`))[0]?.at ?? new Date();
const due = async () => {
  const at = new Date((await lookedUntil()).getTime() + 60_000);
  return { at, last: at, times: 1 };
};
