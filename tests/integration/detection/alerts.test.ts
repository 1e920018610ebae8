import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { renderNotice } from '../../../src/domain/notice.ts';
import { act, refusal } from '../../support/acting.ts';
import { aDetectionBank, hitOf, type DetectionBank } from '../../support/detection-bank.ts';

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
const loose = async (): Promise<number> =>
  (await world.bank.rows('SELECT FROM ops.rule_hit WHERE account_id = $1 AND alert_id IS NULL', [account])).length;
const decide = (alert: Alert | undefined, outcome: string) =>
  world.bank.behindItsBack(
    `UPDATE ops.alert SET status = 'dismissed', outcome = $2, decided_by = $3, decided_at = clock_timestamp() WHERE id = $1`,
    [alert?.id, outcome, world.bank.one.id],
  );

describe('scores of the rules that hit an account within 24 hours add up', () => {
  test('one of 30 opens nothing; with another of 15 both get an alert, each with its own hits', async () => {
    await world.hit(account, 1);
    expect(await alerts()).toEqual([]);
    await world.hit(account, 3);
    expect(await alerts()).toMatchObject([
      { rule: 1, score: 45, hits: 1 },
      { rule: 3, score: 45, hits: 1 },
    ]);
    expect(await loose()).toBe(0);
  });

  test('a rule that hits twice counts once', async () => {
    await world.hit(account, 1);
    await world.hit(account, 1);
    expect(await alerts()).toEqual([]);
  });

  test('further hits go to the open alert, and raise the score of all alerts of the account', async () => {
    await world.hit(account, 5);
    await world.hit(account, 5);
    expect(await alerts()).toMatchObject([{ rule: 5, score: 50, hits: 2, version: 1 }]);
    await world.hit(account, 4);
    expect(await alerts()).toMatchObject([
      { rule: 4, score: 110, hits: 1 },
      { rule: 5, score: 110, hits: 2 },
    ]);
  });

  test('the score that opens alerts is a setting', async () => {
    await world.set('detection.alert-score', 30);
    await world.hit(account, 1);
    await world.set('detection.alert-score', 40);
    expect(await alerts()).toMatchObject([{ rule: 1, score: 30 }]);
  });

  test('hits more than a day apart are not added', async () => {
    await world.hit(account, 1);
    await world.bank.behindItsBack(`UPDATE ops.rule_hit SET at = at - interval '25 hours' WHERE account_id = $1`, [account]);
    await world.hit(account, 3);
    expect(await alerts()).toEqual([]);
    expect(await loose()).toBe(2);
  });

  test('what is found late is added to what came after it', async () => {
    const transactions = [await world.deposit(account), await world.deposit(account)];
    const run = await world.begin();
    await world.watch.raise(run, { id: 1, version: 1 }, {}, [hitOf(account, transactions[1] ?? '')]);
    await world.watch.raise(run, { id: 3, version: 1 }, {}, [hitOf(account, transactions[0] ?? '')]);
    await world.watch.finish(run);
    expect(await alerts()).toMatchObject([{ rule: 1 }, { rule: 3 }]);
  });
});

describe('the score that asks for a hold', () => {
  test('is told once to everybody who decides alerts, in the words of the console', async () => {
    await world.hit(account, 5);
    const notices = () =>
      world.bank.rows<{ subject: string; body: string; at: Date }>(
        `SELECT n.subject, n.body, n.created_at AS at FROM ops.notice n JOIN ops.alert a ON n.about_entity = 'alert' AND n.about_id = a.id::text
          WHERE n.template = 'alert-hold' AND a.account_id = $1 ORDER BY n.number`,
        [account],
      );
    expect(await notices()).toEqual([]);
    await world.hit(account, 1);
    const told = await notices();
    const [{ deciders } = { deciders: 0 }] = await world.bank.rows<{ deciders: number }>(
      `SELECT count(*)::int AS deciders FROM ops.operators_with('alert.decide')`,
    );
    expect(told).toHaveLength(deciders);
    const [{ number } = { number: '' }] = await world.bank.rows<{ number: string }>('SELECT number FROM bank.account WHERE id = $1', [
      account,
    ]);
    const [first] = told;
    const [newest] = await world.bank.rows<{ id: string }>('SELECT max(id) AS id FROM ops.alert WHERE account_id = $1', [account]);
    expect({ subject: first?.subject, body: first?.body }).toEqual(
      renderNotice('alert-hold', {
        environment: 'unnamed',
        at: first?.at ?? new Date(),
        alert: `#${newest?.id}`,
        account: number,
        score: 80,
        rules: 'R1, R5',
      }),
    );
    await world.hit(account, 4);
    expect(await notices()).toHaveLength(deciders);
  });

  test('is told to operators alone, whoever begins detection by SQL', async () => {
    const { db, one } = world.bank;
    const tell = `SELECT ops.enqueue_notice('alert-hold', 'email', 'ada@mail.example', 'from your bank', 'send us your password', NULL, NULL, 'alert', '1')`;
    expect(await refusal(db, () => act(db, one, 'detection.run', () => db.query(tell)))).toMatchObject({
      code: 'BU004',
      message: 'detection tells operators and nobody else',
    });
  });
});

describe('what raises nothing', () => {
  test('a rule in shadow is stored and counts for nothing; one that is off is not stored', async () => {
    await world.set('detection.r5.mode', 'shadow');
    await world.set('detection.r4.mode', 'off');
    await world.hit(account, 4, 5);
    await world.hit(account, 1);
    await world.set('detection.r5.mode', 'live');
    await world.set('detection.r4.mode', 'live');
    expect(await alerts()).toEqual([]);
    const rows = await world.bank.rows('SELECT rule, shadow FROM ops.rule_hit WHERE account_id = $1 ORDER BY rule', [account]);
    expect(rows).toEqual([
      { rule: 1, shadow: false },
      { rule: 5, shadow: true },
    ]);
  });

  test('a rule that is snoozed for the account', async () => {
    await world.bank.behindItsBack(
      `INSERT INTO ops.alert_snooze (rule, account_id, until, note, set_by) VALUES (5, $1, clock_timestamp() + interval '1 hour', 'known to us', $2)`,
      [account, world.bank.one.id],
    );
    await world.hit(account, 5);
    expect(await alerts()).toEqual([]);
    await world.bank.behindItsBack('DELETE FROM ops.alert_snooze WHERE account_id = $1', [account]);
    await world.hit(account, 5);
    expect(await alerts()).toMatchObject([{ rule: 5, hits: 2 }]);
  });

  test('a hit whose alert was dismissed does not come back; found to be nothing, it is not added any more', async () => {
    await world.hit(account, 5);
    const [first] = await alerts();
    await decide(first, 'false positive');
    const [seen] = await world.bank.rows<{ id: string }>('SELECT last_id AS id FROM ops.rule_hit WHERE account_id = $1', [account]);
    const run = await world.begin();
    expect(await world.watch.raise(run, { id: 5, version: 1 }, {}, [hitOf(account, seen?.id ?? '')])).toEqual({ found: 0, opened: 0 });
    await world.watch.finish(run);
    await world.hit(account, 1);
    expect(await alerts()).toEqual([]);
    await world.hit(account, 5);
    expect(await alerts()).toMatchObject([
      { rule: 1, hits: 1, score: 80 },
      { rule: 5, hits: 1, score: 80 },
    ]);
  });

  test('a hit about somebody who has no part in its transaction, and a rule of another version', async () => {
    const { id: other } = await world.bank.account();
    const transaction = await world.deposit(other);
    const run = await world.begin();
    await expect(world.watch.raise(run, { id: 5, version: 1 }, {}, [hitOf(account, transaction)])).rejects.toThrow(/not about a side/);
    await expect(world.watch.raise(run, { id: 5, version: 2 }, {}, [])).rejects.toThrow(/knows version 2 of R5, the database version 1/);
    await world.watch.finish(run);
    await expect(world.watch.raise(run, { id: 5, version: 1 }, {}, [])).rejects.toThrow(/not under way/);
  });
});
