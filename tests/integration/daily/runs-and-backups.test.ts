import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../../src/database/client.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { backups } from '../../../src/resources/backups/index.ts';
import { backupPage } from '../../../src/resources/backups/queries.ts';
import { aBank, type Bank } from '../../support/acting.ts';
import { plantPlan } from '../../support/plans.ts';

let bank: Bank;
let database: Database;
beforeAll(async () => {
  bank = await aBank();
  database = openDatabase({ url: asRole(bank.url, 'bursar_reader'), applicationName: 'bursar test' });
});
afterAll(async () => {
  await database.close();
  await bank[Symbol.asyncDispose]();
});

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

  const words = async () => (await found()).filter(({ category }) => category === 'backups').map(({ words }) => words);
  await aBackup('one', '30 hours', 1_000, null);
  expect(await words()).toEqual(['the newest verified backup of the database, one on planned-host, is older than 26 hours']);
  await aBackup('two', '2 hours', 400, 1_000);
  expect(await words()).toEqual([
    'the newest backup of the database, two on planned-host, is smaller than 50 % of the one before: 400 octets after 1000',
  ]);
  await aBackup('three', '1 hour', 600, 400);
  expect(await words()).toEqual([]);
  await aBackup('four', '3 hours', 600, 400, 'corrupt');
  expect(await words()).toEqual(['the backup four of planned-host is corrupt: its hash is another']);
});

test('a copy that a host found damaged or missing is told by daily review, health and pane; whole again, nothing is told', async () => {
  await aBackup('copied', '5 minutes', 600, 600);
  /** As the host ends a step: with a result in its log. */
  const ends = async (work: string, status: string, result: object): Promise<void> => {
    await bank.behindItsBack(
      `WITH run AS (INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status, finished_at)
                    VALUES (gen_random_uuid(), 'verify-backup', '1', 'Verify of a test', gen_random_uuid()::text, false, '{}', $1, 'succeeded', now()) RETURNING id)
       INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, status) SELECT run.id, 1, 'step', h.id, $2, 60, 'running' FROM run, ops.host h LIMIT 1`,
      [bank.one.id, ['bursar', 'maintain', work]],
    );
    await bank.rows(`UPDATE ops.run_step SET status = $1, finished_at = now(), tail = $2 WHERE status = 'running' AND words[3] = $3`, [
      status,
      `result ${JSON.stringify(result)}`,
      work,
    ]);
  };
  const told = async (): Promise<readonly string[]> =>
    (await found()).filter(({ words }) => words.includes('the copy')).map(({ level, words }) => `${level}: ${words}`);
  const health = async () =>
    (await bank.rows<{ grade: string | null; words: string }>(`SELECT grade, words FROM ops.measure_health() WHERE measure = 'backup'`))[0];
  const row = async () => {
    const { rows } = await backupPage.page(database.reads, { terms: [], sort: backupPage.defaultSort, limit: 1 });
    const [newest] = rows;
    if (!newest) throw new Error('there is no backup');
    const [section] = backups.detail(newest, { days: [], drills: { last: [], plans: [] } });
    const line = section?.lines?.find(([title]) => title === 'Copied away')?.[1];
    return [backups.columns[2]?.cell(newest), String(line).replace(/\d{4}-.*/, 'AT')];
  };
  expect(await row()).toEqual(['verified', '-']);

  const fault = 'it was changed after it was signed';
  await ends('verify-backup', 'failed', { name: 'copied', verified: true, fault: null, copy: { status: 'corrupt', fault } });
  expect(await told()).toEqual([`critical: the copy of the backup copied of planned-host is corrupt: ${fault}`]);
  expect(await health()).toMatchObject({ grade: 'bad', words: expect.stringContaining('its copy is corrupt') as string });
  expect(await row()).toEqual(['bad copy', `the copy is corrupt: ${fault}, seen AT`]);

  await ends('verify-backup', 'succeeded', { name: 'copied', verified: true, fault: null, copy: { status: 'verified', fault: null } });
  expect(await told()).toEqual([]);
  expect(await health()).toMatchObject({ grade: null, words: expect.stringContaining(', copied') as string });
  expect(await row()).toEqual(['verified', 'yes, the copy was read AT']);

  // found missing by whoever only looks what lies there
  const lying = {
    sort: 'database',
    name: 'copied',
    status: 'verified',
    pinned: false,
    checkedAt: null,
    takenAt: new Date().toISOString(),
    octets: 600,
    encrypted: true,
    copy: 'missing',
  };
  await ends('list-backups', 'succeeded', { names: { database: ['one', 'two', 'three', 'four', 'copied'], files: [] }, backups: [lying] });
  expect(await told()).toEqual(['critical: the copy of the backup copied of planned-host is missing: it is not there']);
  expect((await row())[0]).toBe('bad copy');

  // gone from its host, and whole where it was copied to: a backup, and told as what it is
  const onlyCopy = 'it is not on this host any more; its copy in /mnt/copies/database is whole';
  const lost = { ...lying, status: 'missing', copy: 'verified', why: onlyCopy };
  const others = ['one', 'two', 'three', 'four'];
  const lists = (names: readonly string[], listed: readonly object[], copies: object = {}) =>
    ends('list-backups', 'succeeded', { copies, names: { database: names, files: [] }, backups: listed });
  const stored = async () =>
    (await bank.rows(`SELECT status, fault, copy_status AS copy, expired_at IS NULL AS stays FROM ops.backup WHERE name = 'copied'`))[0];
  const asCopy = { status: 'verified', fault: onlyCopy, copy: 'verified', stays: true };
  const toldAlone = `critical: the backup copied of planned-host is left as a copy alone: ${onlyCopy}`;
  await lists([...others, 'copied'], [lost]);
  expect(await stored()).toEqual(asCopy);
  expect(await row()).toEqual(['as copy', 'yes, the copy was read AT']);
  expect((await found()).map(({ level, words }) => `${level}: ${words}`)).toContain(toldAlone);
  expect(await health()).toMatchObject({ grade: 'bad', words: expect.stringContaining('left as a copy alone') as string });

  // the disk of the copies is away: nobody can tell, and it is not called expired
  await lists(others, [], { database: 'away' });
  expect(await stored()).toMatchObject({ status: 'corrupt', copy: 'missing', stays: true });
  await lists([...others, 'copied'], [lost], { database: 'there' });
  expect(await stored()).toEqual(asCopy);
  // read whole it is the same; gone from both it has expired, and found again it is back
  await ends('verify-backup', 'failed', { name: 'copied', verified: false, fault: onlyCopy, copy: { status: 'verified', fault: null } });
  expect(await stored()).toEqual(asCopy);
  await lists(others, [], { database: 'there' });
  expect(await stored()).toMatchObject({ status: 'expired', stays: false });
  await lists([...others, 'copied'], [{ ...lying, copy: 'verified' }]);
  expect(await stored()).toEqual({ status: 'verified', fault: null, copy: 'verified', stays: true });
});
