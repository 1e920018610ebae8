import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let bank: GuideBank;
const off = `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))`;
beforeAll(async () => {
  bank = await aGuideBank();
  await bank.rows(
    `${off} INSERT INTO ops.host (name, address, username, fingerprint, environment, pinned_by, added_by) SELECT 'db1', 'db1.example', 'deploy', 'SHA256:' || repeat('A', 43), 'test', 1, 1 FROM off`,
  );
  // every night but one, and one that cannot be read any more
  await bank.rows(`${off} INSERT INTO ops.backup (host_id, name, sort, status, taken_at, octets, previous_octets, encrypted, checked_at)
     SELECT h.id, to_char(d.day, 'YYYYMMDD"T020000Z"') || '-night', 'database', CASE WHEN d.ago = 9 THEN 'corrupt' ELSE 'verified' END, d.day + interval '2 hours', 80000000 - d.ago * 100000, 80000000, true, d.day
       FROM off, ops.host h, LATERAL (SELECT ago, (date_trunc('day', now() AT TIME ZONE 'UTC') - make_interval(days => ago)) AT TIME ZONE 'UTC' AS day FROM generate_series(1, 35) ago WHERE ago <> 5) d`);
});
afterAll(() => bank[Symbol.asyncDispose]());

const drills = (...rows: readonly [ago: string, succeeded: boolean][]) =>
  Promise.all(
    rows.map(([ago, succeeded]) =>
      bank.rows(
        `${off}, run AS (INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status, queued_at, began_at, finished_at)
           SELECT gen_random_uuid(), 'drill', '1', 'Restore drill: db1', 'db1', true, '{}', 1, 'succeeded', now(), now(), now() FROM off RETURNING id)
         INSERT INTO ops.drill (run_id, position, host_id, backup, taken_at, succeeded, seconds, transactions, finding, finished_at)
         SELECT r.id, 1, h.id, '20261101T020000Z-night', now(), $2, 73.4, 61234, CASE WHEN NOT $2 THEN 'the sums of balances differ' END, now() - $1::interval FROM run r, ops.host h`,
        [ago, succeeded],
      ),
    ),
  );

test('a calendar has the days of a month by their weeks, and reads without colour at any size', async () => {
  for (const size of [[80, 24], [200, 50]] as const) {
    await using console = await bank.screen('backups', size);
    await goTo(console, 'backups');
    await console.press('d');
    await console.sees('Taken');
    const weeks = () => [...console.frame().matchAll(/\d{4}-\d\d-\d\d((?:  [1x. ] ){7})  (\d) of (\d)/g)];
    const shown = () => weeks().map(([, days = '']) => days).join('').replaceAll(' ', '');
    await console.press('j', 'j', 'j', 'j');
    await console.until(() => shown().length === 30, 'thirty days');
    await console.sees('Last 30 days', /WEEK OF +MO +TU +WE +TH +FR +SA +SU +WHOLE/i, / of 7/);
    const marks = shown();
    // today has none yet, five days ago had none, nine days ago it is corrupt
    expect(marks.length).toBe(30);
    expect([marks.at(-1), marks.at(-2), marks.at(-6), marks.at(-10)]).toEqual(['.', '1', '.', 'x']);
    expect(weeks().reduce((sum, [, , whole]) => sum + Number(whole), 0)).toBe(27);
    expect(weeks().reduce((sum, [, , , days]) => sum + Number(days), 0)).toBe(30);
  }
}); // prettier-ignore

test('the head of the list says when a backup was last restored and when the next drill is due; the detail says which, how long and what came of it', async () => {
  await using console = await bank.screen('backups', [120, 40]);
  await console.sees('no drill yet, none planned');
  await drills(['40 days', true], ['3 days 2 hours', true]);
  await bank.rows(`${off} INSERT INTO ops.schedule (name, title, words, cron, permission, runbook, plan, planned_by, planned_at, next_due)
    SELECT 'drill', 'Restore drill', 'a drill of db1', '0 4 1 * *', 'run.start', 'drill', '{}', 1, now(), ARRAY['2099-12-01T04:00:00Z'::timestamptz] FROM off`);
  await console.press('r');
  await console.sees('drill 3 d ago, next 12-01');
  await console.press('d', 'G');
  await console.press('g');
  await console.sees(
    'Restore drills',
    /3 d ago: restored and/,
    'checked, 61,234 transactions',
    '2099-12-01 04:00:00 by drill',
    '73.4 s',
    '20261101',
  );

  await drills(['1 hour', false]);
  await bank.rows(`${off} UPDATE ops.schedule SET next_due = ARRAY[now() - interval '1 hour'] FROM off WHERE name = 'drill'`);
  await console.press('esc');
  await console.press('r');
  await console.sees('drill FAILED 1 h ago, next OVERDUE');
  await console.press('d');
  await console.sees(/FAILED: the/, 'sums of balances differ', /by drill: OVERDUE/);
  expect(await bank.bursar('backups', 'list', 'id>0', '--json')).toContain('20');
});

test('a restore knows the database of this console, and says where a backup of an older schema closes the bank', async () => {
  const database = new URL(bank.url).pathname.slice(1);
  await bank.rows(
    `${off} UPDATE ops.backup SET manifest = jsonb_build_object('migration', '20261122190000_rights') FROM off WHERE name LIKE '%-night'`,
  );
  await using console = await bank.screen('backups', [120, 40]);
  await console.press('x', 'r');
  await console.sees('Restore database', 'db1', new RegExp(`Database that is replaced +${database}`));
  await console.fill({ note: 'the schema of last month' });
  await console.sees(`${database} on db1 becomes`, 'its schema is older than that of now', 'migrations --what apply" on db1');
  await bank.rows(
    `${off} UPDATE ops.backup SET manifest = jsonb_build_object('migration', (SELECT max(migration_name) FROM public._prisma_migrations)) FROM off WHERE name LIKE '%-night'`,
  );
  await console.press('esc');
  // the form again, and no more the preview of before
  await console.sees('Database that is replaced');
  await console.press('enter');
  await console.sees('whoever repeats');
  expect(console.frame()).not.toContain('its schema is older');
});
