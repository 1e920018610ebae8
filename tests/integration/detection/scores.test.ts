import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom, type Random } from '../../../src/demo/random.ts';
import { aDetectionBank, type DetectionBank } from '../../support/detection-bank.ts';
import { full, report, seed } from '../../support/reliability.ts';

const cases = full ? 2_000 : 60;
const hour = 3_600_000;

let world: DetectionBank;
beforeAll(async () => {
  world = await aDetectionBank();
});
afterAll(() => world[Symbol.asyncDispose]());

type Hit = { readonly id: number; readonly rule: number; readonly at: number; readonly loose: boolean };
type Due = { readonly rule: number; readonly score: number; readonly loose: readonly number[] | null };

/** Hits of three days, many of them in the same hour; some belong to an alert already. */
const someHits = (random: Random): readonly Hit[] =>
  Array.from({ length: random.between(1, 14) }, (_, index) => ({
    id: index + 1,
    rule: random.pick([1, 2, 3, 5, 8, 13]),
    at: random.between(0, 72) * hour + random.pick([0, 0, 1]),
    loose: random.chance(0.7),
  }));

/** The same by its definition, every window looked at. */
const dueByDefinition = (hits: readonly Hit[], scores: ReadonlyMap<number, number>, low: number, high: number): readonly Due[] => {
  const seen = hits.filter(({ at }) => at > low - 24 * hour && at <= high + 24 * hour);
  const windows = seen
    .filter(({ at }) => at >= low)
    .map(end => {
      const inside = seen.filter(({ at }) => at > end.at - 24 * hour && at <= end.at);
      const score = [...new Set(inside.map(({ rule }) => rule))].reduce((sum, rule) => sum + (scores.get(rule) ?? 0), 0);
      return { inside, score };
    })
    .filter(({ score }) => score >= 40);
  const score = Math.max(...windows.map(window => window.score));
  const all = new Set(windows.flatMap(({ inside }) => inside));
  const rules = [...new Set([...all].map(({ rule }) => rule))].toSorted((a, b) => a - b);
  return rules.map(rule => {
    const loose = [...all].filter(hit => hit.rule === rule && hit.loose).map(({ id }) => id);
    return { rule, score, loose: loose.length === 0 ? null : loose.toSorted((a, b) => a - b) };
  });
};

test(
  'which alerts are due is what the definition says, for any hits of any days',
  async () => {
    const random = randomFrom(seed, 'scores');
    const rows = await world.bank.rows<{ id: number; score: number }>('SELECT id, score FROM ops.detection_rule');
    const scores = new Map(rows.map(({ id, score }) => [id, score]));
    const begin = Date.parse('2026-03-01T00:00:00Z');
    const instant = (at: number): string => new Date(begin + at).toISOString();
    await world.bank.behindItsBack(
      `INSERT INTO ops.alert (id, rule, account_id, score, status, outcome, decided_by, decided_at) OVERRIDING SYSTEM VALUE
     VALUES (1, 1, 1, 40, 'dismissed', 'confirmed', $1, clock_timestamp())`,
      [world.bank.one.id],
    );
    let due = 0;
    for (let turn = 0; turn < cases; turn++) {
      const hits = someHits(random);
      const [low, high] = [random.between(0, 40) * hour, random.between(41, 72) * hour];
      await world.bank.behindItsBack('TRUNCATE ops.rule_hit CASCADE');
      await world.bank.behindItsBack(
        `INSERT INTO ops.rule_hit (id, rule, rule_version, account_id, last_id, transaction_ids, observed, parameters, words, score, at, alert_id) OVERRIDING SYSTEM VALUE
       SELECT h.id, h.rule, 1, 7, h.id, ARRAY[h.id::bigint], '{}', '{}', 'x', 1, h.at, h.alert FROM jsonb_to_recordset($1) AS h (id int, rule int, at timestamptz, alert bigint)`,
        [JSON.stringify(hits.map(({ id, rule, at, loose }) => ({ id, rule, at: instant(at), alert: loose ? null : 1 })))],
      );
      const found = await world.bank.rows<Due>('SELECT rule, score, loose::int[] AS loose FROM ops.alerts_due(7, $1, $2)', [
        instant(low),
        instant(high),
      ]);
      expect({ turn, hits, found }).toEqual({ turn, hits, found: dueByDefinition(hits, scores, low, high) });
      due += found.length;
    }
    report('scores against their definition', { cases, 'alerts due': due });
    expect(due).toBeGreaterThan(cases / 2);
  },
  full ? 600_000 : 120_000,
);
