import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
const off = `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))`;
beforeAll(async () => {
  bank = await aGuideBank();
  await bank.rows(
    `${off} INSERT INTO ops.host (name, address, username, fingerprint, environment, pinned_by, added_by) SELECT name, name || '.example', 'deploy', 'SHA256:' || repeat('A', 43), 'test', 1, 1 FROM off, unnest('{web1,web2}'::text[]) name`,
  );
});
afterAll(() => bank[Symbol.asyncDispose]());

type Step = {
  readonly title: string;
  readonly status: string;
  readonly host?: string;
  readonly seconds?: number;
  readonly tail?: string;
  readonly result?: object;
  readonly pause?: boolean;
};

/** A run as consoles have reported it so far; gives its number. */
const aRun = async (status: string, steps: readonly Step[]): Promise<string> => {
  const [run] = await bank.rows(
    `${off} INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status, queued_at, began_at, finished_at)
     SELECT gen_random_uuid(), 'screen-test', '1', 'Backup: bank at db1', 'bank at db1', false, '{}', 1, $1, now() - interval '10 minutes', now() - interval '90 seconds', CASE WHEN $1 = 'running' THEN NULL ELSE now() END
       FROM off RETURNING id, number`,
    [status],
  );
  for (const [index, { title, status: state, host = 'web1', seconds = null, tail = '', result = null, pause = false }] of steps.entries())
    await bank.rows(
      `${off} INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, status, began_at, finished_at, code, bytes, tail, result, sha256, pause_after)
       SELECT $1, $2, $3, h.id, ARRAY['bursar', 'maintain', $3], 600, $4, now() - make_interval(secs => $5), CASE WHEN $4 NOT IN ('running', 'waiting') THEN now() END,
              CASE $4 WHEN 'succeeded' THEN 0 WHEN 'failed' THEN 1 END, length($6), $6, $7, CASE WHEN $4 NOT IN ('running', 'waiting') THEN repeat('ab', 32) END, $9 FROM ops.host h, off WHERE h.name = $8`,
      [run?.['id'], index + 1, title, state, seconds, tail, result === null ? null : JSON.stringify(result), host, pause],
    );
  return String(run?.['number']);
};

const log = (count: number): string => Array.from({ length: count }, (_, index) => `table ${index + 1} is written out\n`).join('');

test('a run is shown step by step: how far it is, how long it may take, what it says now and what it found out', async () => {
  await aRun('succeeded', [{ title: 'dump', status: 'succeeded', seconds: 40 }, { title: 'check', status: 'succeeded', seconds: 60 }]); // prettier-ignore
  const number = await aRun('running', [
    { title: 'dump', status: 'succeeded', seconds: 40, tail: log(3), result: { octets: 81_920, file: '/backups/one.dump' } },
    { title: 'check', status: 'running', seconds: 20, tail: `${log(40)}10 % reads\r50 % reads \u001b[31mred\u001b[0m\n` },
  ]);
  for (const size of [[80, 24], [200, 50]] as const) {
    await using console = await bank.screen('runs', size);
    await goTo(console, `runs id=${number}`);
    await console.press('d');
    await console.sees(/\[#+\.+\] +70 %/, '1 of 2 steps over', /about \d+ s left/, '+ ', '> ', '2. check 50 %');
    await console.press('G');
    await console.sees('table 3 is written out', 'abababab');
    await console.press('g');
    if (size[0] === 200)
      await console.sees('Log of step 2, live', 'table 40 is written out', '50 % reads ␛[31mred', 'Result of step 1, dump', '/backups/one.dump');
    // What a carriage return wrote over is gone
    expect(console.frame()).not.toContain('10 % reads');
  }
}); // prettier-ignore

test('a step that is new has no estimate; one that failed shows its log first', async () => {
  const fresh = await aRun('running', [{ title: 'never seen', status: 'running', seconds: 5, tail: 'begins\n' }]);
  await using console = await bank.screen('runs');
  await goTo(console, `runs id=${fresh}`);
  await console.press('d');
  await console.sees('no estimate: a step of it');
  const failed = await aRun('failed', [
    { title: 'dump', status: 'failed', seconds: 4, tail: 'no room on the disk\n' },
    { title: 'check', status: 'skipped' },
  ]);
  await goTo(console, `runs id=${failed}`);
  await console.sees('Log of step 1', 'no room on the disk', 'x ', '- ');
  expect(console.frame()).not.toContain('Elapsed');
  const silent = await aRun('running', [{ title: 'dump', status: 'unknown', seconds: 50 }]);
  await goTo(console, `runs id=${silent}`);
  await console.sees('no estimate', 'Unclear', 'it is looked for');
  await bank.rows(`${off} UPDATE ops.run SET status = 'succeeded', finished_at = now() FROM off WHERE number = $1`, [silent]);
});

test('a run that is watched from a list of open ones stays on screen when it ends, and says so; asked to end too late it says that', async () => {
  const number = await aRun('running', [{ title: 'switch', status: 'running', seconds: 20, tail: '20 % the service is stopped\n' }]);
  for (const size of [
    [80, 24],
    [200, 50],
  ] as const) {
    await using console = await bank.screen('runs', size);
    await goTo(console, `runs open=yes id=${number}`);
    await console.press('d');
    await console.sees('Log of step 1, live');
    await bank.rows(`${off} UPDATE ops.run SET aborted_by = 1, aborted_at = now() FROM off WHERE number = $1`, [number]);
    await console.sees(/Abort +asked for/);
    await bank.rows(`${off} UPDATE ops.run_step s SET status = 'succeeded', code = 0, finished_at = now(), sha256 = repeat('ab', 32) FROM off, ops.run r WHERE r.id = s.run_id AND r.number = $1`, [number]); // prettier-ignore
    await bank.rows(`${off} UPDATE ops.run SET status = 'succeeded', finished_at = now() FROM off WHERE number = $1`, [number]);
    await console.sees(`#${number} is no longer in this list`, '1 of 1 steps succeeded', 'too late');
    expect(console.frame()).not.toContain('Aborted');
    await console.press('esc');
    await console.sees('No runs match');
    expect(console.frame()).not.toContain('too late');
    await bank.rows(
      `${off} UPDATE ops.run SET status = 'running', finished_at = NULL, aborted_by = NULL, aborted_at = NULL FROM off WHERE number = $1`,
      [number],
    );
    await bank.rows(`${off} UPDATE ops.run_step s SET status = 'running', code = NULL, finished_at = NULL, sha256 = NULL FROM off, ops.run r WHERE r.id = s.run_id AND r.number = $1`, [number]); // prettier-ignore
  }
  await bank.rows(`${off} UPDATE ops.run SET status = 'succeeded', finished_at = now() FROM off WHERE number = $1`, [number]);
});

test('a locked screen shows how far runs are, live, by the names of their runbooks and without a word of what they are about', async () => {
  await bank.rows(`${off} UPDATE ops.run SET status = 'succeeded', finished_at = now() FROM off WHERE status = 'running'`);
  const number = await aRun('running', [
    { title: 'prepare', status: 'succeeded', seconds: 40, tail: log(3) },
    { title: 'load and check', status: 'running', seconds: 20, tail: `${log(9)}10 % of ada byron\n` },
  ]);
  await bank.rows(`${off} UPDATE ops.run SET runbook = 'restore' FROM off WHERE number = $1`, [number]);
  await using console = await bank.screen('runs', [80, 24]);
  await goTo(console, `runs id=${number}`);
  await console.command('lock');
  await console.sees('LOCKED since', /\[#+\.+\] +55 %  Restore database, \d+ s/);
  for (const word of ['bank at db1', 'web1', 'prepare', 'table', 'ada byron', `#${number}`]) expect(console.frame()).not.toContain(word);

  await bank.rows(`${off} UPDATE ops.run_step s SET tail = s.tail || '80 % of all' FROM off WHERE s.position = 2 AND s.status = 'running'`);
  await console.sees(/90 %  Restore database/);
  expect(await bank.value('SELECT bool_and(locked_at IS NOT NULL)::text FROM ops.operator_session WHERE revoked_at IS NULL')).toBe('true');
  await bank.rows(`${off} UPDATE ops.run SET status = 'succeeded', finished_at = now() FROM off WHERE number = $1`, [number]);
  await console.until(() => !console.frame().includes('Restore database'), 'the run to be over');
  await console.sees('LOCKED since');
});

test('what a lock may know is asked for with a session that is not over, of somebody who may read runs, and holds nothing else', async () => {
  const number = await aRun('running', [{ title: 'check', status: 'running', seconds: 20, tail: 'a secret\n30 % of ada byron\n' }]);
  const session = (operator: string) =>
    bank.rows(`${off} INSERT INTO ops.operator_session (operator_id, token_hash, client, kind, started_at, last_seen_at, expires_at, locked_at)
       SELECT o.id, sha256(convert_to($1, 'UTF8')), 'test', 'demo', now(), now(), now() + interval '1 hour', now() FROM ops.operator o, off WHERE o.name = $2`, [`token of ${operator}`, operator]); // prettier-ignore
  const seenBy = (operator: string) => bank.rows('SELECT * FROM ops.progress_of_runs($1)', [`token of ${operator}`]);
  await session('demo');
  expect(await seenBy('demo')).toEqual([
    { runbook: 'screen-test', seconds: expect.any(Number) as number, steps: [{ status: 'running', seconds: expect.any(Number) as number, tail: '30 %', usual: null }] },
  ]); // prettier-ignore
  await bank.rows(`${off} DELETE FROM ops.role_permission p USING off WHERE p.permission = 'run.read'`);
  expect(await seenBy('demo')).toEqual([]);
  await bank.rows(
    `INSERT INTO ops.role_permission (role, permission) SELECT r, 'run.read' FROM unnest('{sysop,admin,manager,auditor,developer,operations}'::text[]) r`,
  );
  await bank.rows(`${off} UPDATE ops.operator_session SET revoked_at = now() FROM off WHERE client = 'test'`);
  await expect(seenBy('demo')).rejects.toThrow('this session has ended');
  await bank.rows(`${off} UPDATE ops.run SET status = 'succeeded', finished_at = now() FROM off WHERE number = $1`, [number]);
});

test('after the first host a run pauses: whoever has looked lets it go on, or ends it, by key', async () => {
  const number = await aRun('running', [
    { title: 'restart', status: 'succeeded', seconds: 4, pause: true },
    { title: 'restart', status: 'waiting', host: 'web2' },
  ]);
  await using console = await bank.screen('runs');
  await goTo(console, `runs id=${number}`);
  await console.press('d');
  await console.sees('Pauses', 'x c lets it go');
  await console.press('x', 'c');
  await console.fill({ note: 'the first one is up again' });
  await console.sees('goes on at once');
  await console.confirm();
  await console.sees(`[ok] run ${number} goes on`);
  await console.until(() => !console.frame().includes('Pauses'), 'it pauses no more');
  expect(await bank.value('SELECT continued_at IS NOT NULL FROM ops.run WHERE number = $1', [number])).toBe('true');
  expect(await bank.tries('runs', 'continue', number, '--note', 'once more, by a command', '--yes')).toMatchObject({ code: 3 });
  await console.press('x', 'a');
  await console.fill({ note: 'it was the wrong service' });
  await console.confirm();
  await console.sees(`asked for the end of run ${number}`);
});
