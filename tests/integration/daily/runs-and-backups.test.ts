import { afterAll, beforeAll, expect, test } from 'vitest';
import { aBank, type Bank } from '../../support/acting.ts';
import { plantPlan } from '../../support/plans.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

type Found = { readonly category: string; readonly entity: string; readonly label: string; readonly words: string; readonly level: string };
const found = () =>
  bank.rows<Found>(
    `SELECT category, entity, label, words, level FROM ops.daily_of_console(clock_timestamp() - interval '1 day') WHERE category IN ('failed runs', 'backups') ORDER BY category DESC, entity, rank, label`,
  );
const aRun = (status: string, ago: string, error: string | null = null) =>
  bank.behindItsBack(
    `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status, finished_at, error)
     VALUES (gen_random_uuid(), 'host-report', '1', 'Backup of a test', gen_random_uuid()::text, false, '{}', $1, $2, CASE WHEN $2 <> 'unknown' THEN now() - $3::interval END, $4)`,
    [bank.one.id, status, ago, error],
  );
const aBackup = (name: string, ago: string, octets: number, previous: number | null, status = 'verified') =>
  bank.behindItsBack(
    `INSERT INTO ops.backup (host_id, name, sort, status, taken_at, octets, previous_octets, fault) SELECT h.id, $1, 'database', $5, now() - $2::interval, $3, $4, CASE WHEN $5 = 'corrupt' THEN 'its hash is another' END FROM ops.host h LIMIT 1`,
    [name, ago, octets, previous, status],
  );

test('the daily review asks about runs that failed, plans that were not queued, and backups that would not help', async () => {
  expect(await found()).toEqual([]);
  const plan = await plantPlan(bank, 'nightly-backup', 0);
  await aRun('succeeded', '1 hour');
  await aRun('failed', '2 days', 'long ago');
  await aRun('failed', '1 hour', 'no room');
  await aRun('unknown', '3 days');
  await bank.behindItsBack(
    `INSERT INTO ops.schedule_run (schedule_id, due_at, status, finished_at, words) VALUES ($1, now() - interval '2 hours', 'missed', now(), 'no console that may execute it was open in time')`,
    [plan],
  );
  expect(await found()).toMatchObject([
    { category: 'failed runs', entity: 'run', level: 'critical', words: 'Backup of a test unknown' },
    { category: 'failed runs', entity: 'run', level: 'warning', words: 'Backup of a test failed: no room' },
    {
      category: 'failed runs',
      entity: 'schedule',
      label: 'nightly-backup',
      words: expect.stringContaining('missed: no console') as string,
    },
    { category: 'backups', label: 'none', words: 'there is no verified backup of the database' },
  ]);

  const backups = async () => (await found()).filter(({ category }) => category === 'backups').map(({ words }) => words);
  await aBackup('one', '30 hours', 1_000, null);
  expect(await backups()).toEqual(['the newest verified backup of the database, one on planned-host, is older than 26 hours']);
  await aBackup('two', '2 hours', 400, 1_000);
  expect(await backups()).toEqual([
    'the newest backup of the database, two on planned-host, is smaller than 50 % of the one before: 400 octets after 1000',
  ]);
  await aBackup('three', '1 hour', 600, 400);
  expect(await backups()).toEqual([]);
  await aBackup('four', '3 hours', 600, 400, 'corrupt');
  expect(await backups()).toEqual(['the backup four of planned-host is corrupt: its hash is another']);
});
