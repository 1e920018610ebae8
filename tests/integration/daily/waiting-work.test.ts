import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../../src/database/client.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { workPulses } from '../../../src/resources/overview/work-pulses.ts';
import { aBank, type Bank } from '../../support/acting.ts';
import { plantPlan } from '../../support/plans.ts';

let bank: Bank;
let database: Database;
beforeAll(async () => {
  bank = await aBank({ others: { sam: ['sysop'] } });
  database = openDatabase({ url: asRole(bank.url, 'bursar_reader'), applicationName: 'bursar test' });
});
afterAll(async () => {
  await database.close();
  await bank[Symbol.asyncDispose]();
});

const aRun = async (ago: string, more = ''): Promise<string> => {
  await bank.behindItsBack(
    `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, queued_at) VALUES (gen_random_uuid(), 'host-report', '1', 'Report of web1', 'web1', false, '{}', $1, now() - $2::interval)`,
    [bank.one.id, ago],
  );
  const [row] = await bank.rows<{ number: string }>('SELECT max(number) AS number FROM ops.run');
  if (more !== '') await bank.behindItsBack(`UPDATE ops.run SET ${more} WHERE number = $1`, [row?.number]);
  return row?.number ?? '';
};
const measured = async () =>
  (await bank.rows<{ value: number; words: string }>(`SELECT value, words FROM ops.measure_health() WHERE measure = 'run-waits'`))[0];
const daily = async (): Promise<readonly string[]> =>
  (
    await bank.rows<{ words: string }>(`SELECT words FROM ops.daily_of_console(now() - interval '1 day') WHERE category = 'failed runs'`)
  ).map(({ words }) => words);
const overview = async (): Promise<readonly string[]> =>
  (await workPulses(database.reads))
    .filter(({ kind }) => kind === 'waiting')
    .map(({ name, value, trend, versus, tone }) => [name, value, trend, versus, tone].join(' | '));

test('a run or plan that nobody takes is told with how long it waits and for whom: health, overview and daily review', async () => {
  expect(await measured()).toEqual({ value: 0, words: 'nothing waits' });
  expect(await overview()).toEqual([]);

  // taken a moment ago, executed now, over: none of them waits long
  await aRun('2 minutes');
  await aRun(
    '3 hours',
    `status = 'running', began_at = now() - interval '3 hours', lease_until = now() + interval '15 seconds', claims = 1`,
  );
  await aRun('3 hours', `status = 'succeeded', finished_at = now()`);
  expect(await overview()).toEqual([]);
  expect(await daily()).toEqual([]);
  expect((await measured())?.value).toBeLessThan(300);

  await bank.behindItsBack(
    'UPDATE ops.operator_session SET revoked_at = now() WHERE revoked_at IS NULL AND operator_id = (SELECT id FROM ops.operator WHERE name = $1)',
    ['sam'],
  );
  await bank.behindItsBack('UPDATE ops.operator_session s SET revoked_at = now() WHERE revoked_at IS NULL AND ops.may(s.operator_id, $1)', [
    'host.use',
  ]);
  // nobody executes what a console that died had begun twenty minutes ago
  const left = await aRun(
    '1 hour',
    `status = 'running', began_at = now() - interval '50 minutes', lease_until = now() - interval '20 minutes', claims = 1`,
  );
  const words = `run ${left} (Report of web1) waits since 20 min: nobody with host.use is signed in`;
  expect((await measured())?.words).toBe(`${words}; 1 more`);
  expect((await measured())?.value).toBeGreaterThanOrEqual(1_200);
  expect(await daily()).toEqual([words]);
  expect(await overview()).toEqual([`Run #${left} waits | 20 min |  | nobody with host.use is signed in | warn`]);

  const plan = await plantPlan(bank, 'nightly-backup', 0);
  await bank.behindItsBack(
    `UPDATE ops.schedule SET looked_until = now() - interval '2 hours', next_due = ARRAY[now() - interval '40 minutes'] WHERE id = $1`,
    [plan],
  );
  await bank.behindItsBack(
    `INSERT INTO ops.operator_session (operator_id, token_hash, client, kind, expires_at) SELECT id, sha256('sam'), 'a test', 'screen', now() + interval '1 hour' FROM ops.operator WHERE name = 'sam'`,
  );
  const why = 'one session with host.use is open, and none has taken it';
  expect(await overview()).toEqual([`Plan nightly-backup waits | 40 min | 1 more | ${why} | bad`]);
  expect(await daily()).toEqual(expect.arrayContaining([`the plan nightly-backup waits since 40 min: ${why}`]));

  // by the thresholds that are set
  await bank.behindItsBack(`UPDATE platform.setting SET value = '86000' WHERE key = 'health.run-waits.wrong'`);
  await bank.behindItsBack(`UPDATE platform.setting SET value = '7200' WHERE key = 'health.run-waits.look'`);
  expect(await overview()).toEqual([]);
  expect(await daily()).toEqual([]);
});
