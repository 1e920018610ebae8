import { DatabaseError } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, type Bank } from '../../support/acting.ts';
import { anAnalystsBank, type Analyst, type AnalystsBank } from '../../support/analysts.ts';
import { full, inParallel, report } from '../../support/reliability.ts';

const note = 'looked into it at length';

let analysts: AnalystsBank;
let bank: Bank;
beforeAll(async () => {
  analysts = await anAnalystsBank();
  bank = analysts.world.bank;
});
afterAll(() => analysts[Symbol.asyncDispose]());

const isNothingLeft = (error: unknown): undefined => {
  if (error instanceof DatabaseError && error.code === 'BU011') return undefined;
  throw error;
};

describe('many at once', () => {
  test('twenty workers claim what waits: each alert has one owner, the gravest first', async () => {
    const [alerts, workers] = full ? [2_000, 20] : [200, 20];
    await bank.behindItsBack(`UPDATE ops.alert SET snoozed_until = now() + interval '1 day' WHERE status = 'open'`);
    await bank.behindItsBack(
      `INSERT INTO ops.alert (rule, account_id, score) SELECT 1 + n % 16, 10000 + n, 40 + n * 7919 % 60 FROM generate_series(1, $1::int) n`,
      [alerts],
    );
    const clients = await Promise.all(Array.from({ length: workers }, () => bank.connect()));
    const both = [analysts.operators.ravi, analysts.operators.nina] as const;
    const claimed: { readonly id: string; readonly by: string }[] = [];
    let empty = 0;
    const began = performance.now();
    // ten more ask than there is to have
    await inParallel(clients, Array.from({ length: alerts + 10 }), async (client, _, index) => {
      const analyst = both[index % 2] ?? both[0];
      const [id] = await act(
        client,
        analyst,
        'alerts.claim-next',
        async db => (await db.query<{ id: string }>('SELECT id FROM ops.claim_next_alert()')).rows,
      ).then(
        rows => rows.map(row => row.id),
        (error: unknown) => [isNothingLeft(error)],
      );
      if (id === undefined) empty += 1;
      else claimed.push({ id, by: analyst.id });
    });
    const took = performance.now() - began;
    await Promise.all(clients.map(client => client.end()));
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(alerts);
    expect([claimed.length, empty]).toEqual([alerts, 10]);
    const stored = await bank.rows<{ id: string; by: string }>(
      `SELECT id, claimed_by AS by FROM ops.alert WHERE account_id > 10000 AND status = 'in review' AND version = 1`,
    );
    expect(stored.toSorted((a, b) => Number(a.id) - Number(b.id))).toEqual(claimed.toSorted((a, b) => Number(a.id) - Number(b.id)));
    const early = await bank.rows<{ inversions: number }>(
      `SELECT count(*)::int AS inversions FROM (SELECT score, lag(score, 21) OVER (ORDER BY claimed_at, id) AS before FROM ops.alert WHERE account_id > 10000) s WHERE s.score > s.before`,
    );
    expect(early).toEqual([{ inversions: 0 }]);
    report('claim next', {
      workers,
      alerts,
      'alerts with two owners': claimed.length - alerts,
      'asked in vain': empty,
      'per second': Math.round((alerts * 1_000) / took),
    });
  });

  test('two who decide one alert: one does; two alerts of an account escalated at once open one case', async () => {
    const rounds = full ? 200 : 12;
    const [one, two] = [await bank.connect(), await bank.connect()];
    let cases = 0;
    for (let round = 0; round < rounds; round += 1) {
      const account = String(50_000 + round);
      const [first, second] = [await analysts.alertOf('ravi', { account }), await analysts.alertOf('nina', { account, rule: 9 })];
      const escalate = (client: typeof one, name: Analyst, id: string) =>
        act(client, analysts.operators[name], 'alerts.escalate', db =>
          db.query(`SELECT ops.escalate_alert($1, 'A case of two alerts', $2, 0)`, [id, note]),
        );
      await Promise.all([escalate(one, 'ravi', first), escalate(two, 'nina', second)]);
      cases += (await bank.rows('SELECT FROM ops.case_file WHERE account_id = $1', [account])).length;

      const id = await analysts.alertOf('ravi');
      const both = await Promise.allSettled([
        act(one, analysts.operators.ravi, 'alerts.dismiss', db => db.query(`SELECT ops.dismiss_alert($1, 'valuable', $2, 0)`, [id, note])),
        act(two, analysts.operators.ravi, 'alerts.escalate', db =>
          db.query(`SELECT ops.escalate_alert($1, 'A case of one alert', $2, 0)`, [id, note]),
        ),
      ]);
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
    await Promise.all([one.end(), two.end()]);
    expect(cases).toBe(rounds);
    report('escalated at once', { pairs: rounds, cases, 'decided twice': 0 });
  });
});
