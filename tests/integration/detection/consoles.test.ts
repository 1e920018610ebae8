import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { act, refusal } from '../../support/acting.ts';
import { aCommand } from '../../support/command.ts';
import { aDetectionBank, hitOf, type DetectionBank } from '../../support/detection-bank.ts';
import { full, report } from '../../support/reliability.ts';

let world: DetectionBank;
let account: string;
beforeAll(async () => {
  world = await aDetectionBank();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  ({ id: account } = await world.bank.account());
});

type Alert = { readonly id: string; readonly rule: number; readonly score: number; readonly hits: number; readonly version: number };

const alerts = (of = account): Promise<readonly Alert[]> =>
  world.bank.rows<Alert>(
    `SELECT id, rule, score, hits, version FROM ops.alert WHERE account_id = $1 AND status IN ('open', 'in review') ORDER BY rule`,
    [of],
  );
describe('whose console it is', () => {
  test('what opened alerts is in the audit log, under the name of whoever was signed in', async () => {
    await world.hit(account, 5);
    const [alert] = await alerts();
    const rows = await world.bank.rows(
      `SELECT operator, verb, entity, entity_id, new -> 'opened' AS opened FROM ops.audit WHERE action = 'detection.run' ORDER BY seq DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ operator: 'one', verb: 'create', entity: 'rule', entity_id: '5', opened: [Number(alert?.id)] }]);
  });

  test('a locked screen goes on, a session that ended does not, nor does somebody without the right', async () => {
    const { db, one, two } = world.bank;
    await db.query('SELECT ops.lock_session($1)', [one.token]);
    await world.hit(account, 5);
    expect(await alerts()).toHaveLength(1);
    await world.bank.behindItsBack('UPDATE ops.operator_session SET locked_at = NULL');
    expect((await refusal(db, () => db.query(`SELECT ops.begin_detection('no token')`))).code).toBe('BU001');
    await world.bank.behindItsBack(`DELETE FROM ops.role_permission WHERE permission = 'detection.run' AND role <> 'sysop'`);
    await world.bank.behindItsBack(`DELETE FROM ops.operator_role WHERE role = 'sysop' AND operator_id = $1`, [two.id]);
    expect(await refusal(db, () => db.query('SELECT ops.begin_detection($1)', [two.token]))).toMatchObject({ code: 'BU002' });
  });

  test('a run is begun in a transaction of its own: an older number would hide what is under way', async () => {
    const { db, one } = world.bank;
    const attempt = act(db, one, 'windows.open', () => db.query('SELECT ops.begin_detection($1)', [one.token]));
    expect(await refusal(db, () => attempt)).toMatchObject({ code: 'BU004' });
  });
});

test('hits are raised within no action that somebody began', async () => {
  const { db, one } = world.bank;
  const { id: run } = await world.begin();
  const raise = () => db.query(`SELECT ops.raise_hits($1, $2, 5::smallint, 1, '{}', '[]')`, [one.token, run]);
  for (const action of ['accounts.freeze', 'detection.run'])
    expect(await refusal(db, () => act(db, one, action, raise))).toMatchObject({ code: 'BU004' });
});

describe('two consoles at once', () => {
  const timeout = full ? 600_000 : 120_000;

  test('of many that begin a run together one does', { timeout }, async () => {
    const rounds = full ? 200 : 20;
    const consoles = [world.bank.one, world.bank.maker].map(world.as);
    const begun: number[] = [];
    await world.watch.finish(await world.begin());
    for (let round = 0; round < rounds; round++) {
      const runs = await Promise.all([...consoles, ...consoles].map(async watch => ({ watch, run: await watch.begin() })));
      const mine = runs.filter(({ run }) => run !== undefined);
      begun.push(mine.length);
      for (const { watch, run } of mine) if (run) await watch.finish(run);
    }
    report('consoles that begin a run together', { rounds, 'at once': 4, begun: begun.reduce((sum, one) => sum + one, 0) });
    expect(begun.every(count => count === 1)).toBe(true);
  });

  test('two that raise hits of one account together open one alert for each rule, and store what both saw once', { timeout }, async () => {
    const rounds = full ? 200 : 8;
    const sums = { found: 0, opened: 0 };
    const mine = world.as(world.bank.one);
    const theirs = world.as(world.bank.maker);
    for (let round = 0; round < rounds; round++) {
      const { id } = await world.bank.account();
      const transaction = await world.deposit(id);
      const [first, second] = [await world.begin(mine), await world.begin(theirs)];
      const hit = [hitOf(id, transaction)];
      const raised = await Promise.all([
        mine.raise(first, { id: 1, version: 1 }, {}, hit),
        theirs.raise(second, { id: 7, version: 1 }, {}, hit),
        mine.raise(first, { id: 5, version: 1 }, {}, hit),
        theirs.raise(second, { id: 5, version: 1 }, {}, hit),
      ]);
      for (const { found, opened } of raised) {
        sums.found += found;
        sums.opened += opened;
      }
      expect(await alerts(id)).toMatchObject([1, 5, 7].map(rule => ({ rule, hits: 1, score: 115 })));
    }
    report('two consoles that raise hits of one account at once', {
      rounds,
      'hits raised': rounds * 4,
      stored: sums.found,
      'alerts opened': sums.opened,
    });
    expect(sums).toEqual({ found: rounds * 3, opened: rounds * 3 });
  });
});

test('bursar doctor says when nobody has the rules look', async () => {
  const { bank, watch } = world;
  const doctor = async () => {
    const { stdout } = await aCommand({ url: bank.url })('doctor', '--json');
    return (JSON.parse(stdout) as { checks: { name: string; state: string; message: string }[] }).checks.find(
      ({ name }) => name === 'detection',
    );
  };
  await bank.behindItsBack('TRUNCATE ops.detection_run CASCADE');
  await world.deposit(account);
  expect(await doctor()).toMatchObject({ state: 'ok', message: 'the rules have not looked yet' });
  await bank.behindItsBack(`UPDATE bank.transaction SET posted_at = posted_at - interval '2 hours'`);
  expect(await doctor()).toMatchObject({ state: 'warn', next: 'leave a console open, or run "bursar detect run" by a timer' });
  // any writing transaction on the server that is still open, of another test too, keeps the rules from being sure
  await vi.waitUntil(
    async () => {
      await watch.finish(await world.begin());
      return (await doctor())?.state === 'ok';
    },
    { timeout: 60_000, interval: 200 },
  );
  expect((await doctor())?.message).toMatch(/^the rules have seen everything until \d{4}-/);
}, 120_000);
