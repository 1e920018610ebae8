import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDatabase, type Database } from '../../../src/database/client.ts';
import { thresholdSettings } from '../../../src/domain/health-thresholds.ts';
import { newestBackup } from '../../../src/resources/backups/queries.ts';
import { healthPage } from '../../../src/resources/health/page.ts';
import { aGuideBank, askAndApprove, goTo, type GuideBank } from '../../support/guide-bank.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let bank: GuideBank;
let database: Database;
beforeAll(async () => {
  bank = await aGuideBank();
  database = openDatabase({ url: bank.url, applicationName: 'bursar test' });
});
afterAll(async () => {
  await database.close();
  await bank[Symbol.asyncDispose]();
});

const note = 'this host is larger than others';
const off = `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))`;
const change = (key: string, value: string, ...more: string[]) =>
  bank.tries('settings', 'edit', key, '--value', value, '--note', note, ...(more.length > 0 ? more : ['--yes', '--confirm', key]));
const agreed = (key: string, value: string) =>
  askAndApprove(bank, 'settings', 'edit', key, '--value', value, '--note', note, '--yes', '--confirm', key);

type Found = { readonly measure: string; readonly grade: string; readonly warn: number | null; readonly bad: number | null };
const measured = async (measure: string, ...flags: string[]) => {
  const { code, stdout } = await bank.tries('health', '--json', ...flags);
  const found = (JSON.parse(stdout) as { measures: readonly Found[] }).measures;
  return { code, ...found.find(one => one.measure === measure) };
};
const sample = () => bank.rows(`SELECT ops.keep_readings(NULL, (SELECT jsonb_agg(to_jsonb(m)) FROM ops.measure_health() m))`);
/** As the pane has it, after measuring anew. */
const seen = async (measure: string) => {
  await sample();
  const { rows } = await healthPage.page(database.reads, { terms: [], sort: healthPage.defaultSort, limit: 500 });
  return rows.find(row => row.measure === measure)?.grade;
};

test('thresholds of the console and of the database are the same, with their bounds', async () => {
  const rows = await bank.rows(
    `SELECT key, label, type, value, default_value AS usual, min::float8 AS min, max::float8 AS max, safe_min::float8 AS "safeMin", safe_max::float8 AS "safeMax", standard, description, is_editable
       FROM platform.setting WHERE category = 'health' ORDER BY id`,
  );
  expect(rows).toEqual(thresholdSettings.map(({ measure: _measure, level: _level, ...setting }) => ({ ...setting, value: setting.usual, is_editable: true })));
}); // prettier-ignore

test('what became worse while somebody looks on is counted as new above the row that was first', async () => {
  await sample();
  const request = { terms: [], sort: healthPage.defaultSort, limit: 500 };
  const { rows } = await healthPage.page(database.reads, request);
  const [first] = rows;
  const at = { direction: 'before', place: { sortKey: first?.sortKey ?? '', id: first?.id ?? 0n } } as const;
  expect(await healthPage.newer(database.reads, { ...request, at })).toBe(0);
  await bank.rows(`SELECT ops.keep_readings(NULL, '[{"measure":"connections","value":99,"words":"nobody gets in"}]')`);
  expect(await healthPage.newer(database.reads, { ...request, at })).toBe(1);
  await sample();
});

test('two people change a threshold: pane, command, --strict and overview judge by it at once, and the detail says who did', async () => {
  // those of the whole server count, and a test beside this one may hold more than a hundred for a while
  await expect.poll(() => seen('connections'), { timeout: 90_000 }).toBe('good');
  await expect.poll(() => measured('connections'), { timeout: 90_000 }).toMatchObject({ grade: 'good', warn: 70, bad: 90 });
  await using console = await bank.screen('health', [200, 50]);
  await goTo(console, 'health name=connections');
  await console.press('x', 'k');
  await console.fill({ value: '1', note });
  await console.sees('70 % -> 1 %', 'judge by it at once');
  await console.confirm('health.connections.look');
  await console.sees(/request \d+ waits for somebody/);
  const number = await bank.value(`SELECT number FROM ops.approval WHERE entity_label = 'health.connections.look' AND status = 'pending'`);
  await expect.poll(() => seen('connections'), { timeout: 90_000 }).toBe('good');
  await bank.bursar('--as', 'manager', 'inbox', 'approve', number, '--note', 'agreed', '--yes');

  await sample();
  await expect.poll(() => measured('connections'), { timeout: 90_000 }).toMatchObject({ grade: 'warn', warn: 1, bad: 90 });
  expect((await bank.tries('health', '--strict')).code).toBe(1);
  await expect.poll(() => seen('connections'), { timeout: 90_000 }).toBe('warn');
  await goTo(console, 'health name=connections');
  await console.sees('from 1 %, wrong from 90 %', /look +from 1 %, default 70 %, set on \d{4}-\d\d-\d\d/, /wrong +from 90 %, default 90 %/);

  await agreed('health.connections.wrong', '1.5');
  expect(await seen('connections')).toBe('bad');
  await goTo(console, 'overview');
  await console.sees(/Health +\d+ wrong/);
});

test('which alarms are told is a setting like them: two people switch parts off, on screen or by command', async () => {
  await using console = await bank.screen('settings', [120, 40]);
  await goTo(console, 'settings key=notices.alarms');
  await console.sees('health,backups,runs,jobs', 'security: takes two people');
  expect(await change('notices.alarms', 'everything')).toMatchObject({ code: 2 });
  expect(await change('notices.alarms', 'none', '--dry-run')).toMatchObject({ stdout: expect.stringContaining('health,backups,runs,jobs -> none') as string });
  await agreed('notices.alarms', 'runs,jobs');
  await goTo(console, 'settings key=notices.alarms');
  await console.sees(/ runs,jobs/);
}); // prettier-ignore

test('a threshold that makes a measure blind, or out of order, is refused; one that tells late is warned of', async () => {
  expect(await change('health.host-disk.wrong', '100')).toMatchObject({ code: 2, stderr: expect.stringContaining('lies between 1 and 99') as string });
  expect(await change('health.backup-size.wrong', '0')).toMatchObject({ code: 2 });
  expect(await change('health.host-disk.look', '90')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('look has to come before wrong: health.host-disk.look 90 %, health.host-disk.wrong 90 %') as string,
  });
  expect((await change('health.capacity.look', '14')).stderr).toContain('health.capacity.look 14 d, health.capacity.wrong 14 d');
  const late = await change('health.backup.wrong', '30', '--dry-run');
  expect(late.stdout).toContain('26 h -> 30 h');
  expect(late.stdout).toContain('this breaks a standard: above 26 h it may be told too late to help');
  expect((await change('health.host-database-room.look', '20', '--dry-run')).stdout).toContain('10 GB -> 20 GB');

  // and the database says so itself
  await bank.rows('ALTER TABLE platform.setting DISABLE TRIGGER demand_action');
  const put = (key: string, value: number) => bank.rows('UPDATE platform.setting SET value = to_jsonb($2::numeric) WHERE key = $1', [key, value]);
  await expect(put('health.host-disk.look', 90)).rejects.toThrow('look has to come before wrong');
  await expect(put('health.host-disk.wrong', 80)).rejects.toThrow('look has to come before wrong');
  await expect(put('health.capacity.wrong', 60)).rejects.toThrow('look has to come before wrong');
  await bank.rows('ALTER TABLE platform.setting ENABLE TRIGGER demand_action');
}); // prettier-ignore

/** A backup of so many hours ago that is so large, after one of 100 MB. */
const backedUp = (hours: number, octets: number) =>
  bank.rows(
    `${off} INSERT INTO ops.backup (host_id, name, sort, status, taken_at, octets, previous_octets, encrypted, checked_at)
     SELECT h.id, 'b' || gen_random_uuid(), 'database', 'verified', now() - make_interval(secs => $1::float8 * 3600), $2, 100000000, true, now() FROM off, ops.host h`,
    [hours, octets],
  );
const cleared = () => bank.rows(`${off} DELETE FROM ops.backup b USING off`);
const daily = async () =>
  (await bank.rows(`SELECT words, level FROM ops.daily_of_hosts(now() - interval '1 day') WHERE category = 'backups'`)).map(row =>
    String(row['words']),
  );
/** How the newest backup is told by the pane of health, the pane of backups and the daily review. */
const told = async (measure = 'backup') => ({
  health: await seen(measure),
  backups: (await newestBackup(database.reads)).alarm,
  daily: await daily(),
});

test('a backup older than 26 hours is told by the panes, the command and the daily review; by other hours where two people say so', async () => {
  await bank.rows(
    `${off} INSERT INTO ops.host (name, address, username, fingerprint, environment, pinned_by, added_by) SELECT 'db1', 'db1.example', 'deploy', 'SHA256:' || repeat('A', 43), 'test', 1, 1 FROM off`,
  );
  await backedUp(25.5, 100_000_000);
  expect(await told()).toMatchObject({ health: 'warn', backups: 'fine', daily: [] });
  await cleared();
  await backedUp(26.2, 100_000_000);
  expect(await told()).toMatchObject({ health: 'bad', backups: 'old', daily: [expect.stringContaining('is older than 26 hours')] });
  expect(await measured('backup')).toMatchObject({ code: 1, grade: 'bad' });
  await agreed('health.backup.wrong', '30');
  expect(await told()).toMatchObject({ health: 'warn', backups: 'fine', daily: [] });
  await agreed('health.backup.look', '10');
  await agreed('health.backup.wrong', '20');
  expect(await told()).toMatchObject({ health: 'bad', backups: 'old', daily: [expect.stringContaining('is older than 20 hours')] });
}); // prettier-ignore

test('a backup smaller than half the one before is told the same way', async () => {
  await cleared();
  await backedUp(1, 51_000_000);
  expect(await told('backup-size')).toMatchObject({ health: 'warn', backups: 'fine', daily: [] });
  await cleared();
  await backedUp(1, 49_000_000);
  expect(await told('backup-size')).toMatchObject({ health: 'bad', backups: 'shrunken', daily: [expect.stringContaining('is smaller than 50 % of the one before')] });
  await using console = await bank.screen('backups', [80, 24]);
  await console.sees('shrunken', '-51.0 %');
  await cleared();
  expect(await told()).toMatchObject({ health: 'warn', backups: 'none', daily: ['there is no verified backup of the database'] });
}); // prettier-ignore

test('drills that are older than a month are worth a look, after two they are wrong, and one that failed is wrong at once', async () => {
  const drilled = (days: number, succeeded = true) =>
    bank.rows(
      `${off}, gone AS (DELETE FROM ops.drill), run AS (INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status, queued_at, began_at, finished_at)
         SELECT gen_random_uuid(), 'drill', '1', 'Restore drill: db1', 'db1', true, '{}', 1, 'succeeded', now(), now(), now() FROM off RETURNING id)
       INSERT INTO ops.drill (run_id, position, host_id, backup, taken_at, succeeded, seconds, transactions, finding, finished_at)
       SELECT r.id, 1, h.id, 'b', now(), $2, 10, 10, CASE WHEN NOT $2 THEN 'sums differ' END, now() - make_interval(days => $1) FROM run r, ops.host h`,
      [days, succeeded],
    );
  expect(await seen('drill')).toBe('warn');
  await drilled(30);
  expect(await seen('drill')).toBe('good');
  await drilled(33);
  expect(await seen('drill')).toBe('warn');
  await drilled(63);
  expect(await seen('drill')).toBe('bad');
  await drilled(1, false);
  expect(await seen('drill')).toBe('bad');
});
