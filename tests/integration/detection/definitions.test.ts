import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RuleParameter } from '../../../src/detection/define-rule.ts';
import { compileRule, lookFor } from '../../../src/detection/run.ts';
import { rules } from '../../../src/detection/rules.ts';
import { readDetectionSettings, settingOf, usualOf } from '../../../src/detection/settings.ts';
import { aDetectionBank, type DetectionBank } from '../../support/detection-bank.ts';

type Setting = {
  readonly key: string;
  readonly type: string;
  readonly value: unknown;
  readonly default_value: unknown;
  readonly min: number | null;
  readonly max: number | null;
  readonly pattern: string | null;
  readonly category: string;
  readonly is_editable: boolean;
};

let world: DetectionBank;
let settings: ReadonlyMap<string, Setting>;
beforeAll(async () => {
  world = await aDetectionBank();
  const rows = await world.bank.rows<Setting>(
    `SELECT key, type, value, default_value, min::float8 AS min, max::float8 AS max, pattern, category, is_editable FROM platform.setting WHERE key LIKE 'detection.%'`,
  );
  settings = new Map(rows.map(row => [row.key, row]));
});
afterAll(() => world[Symbol.asyncDispose]());

const asSetting = ({ unit, usual, min, max }: RuleParameter) => ({
  type: unit === 'percent' || unit === 'factor' ? 'decimal' : 'integer',
  value: usual,
  default_value: usual,
  min,
  max,
  category: 'detection',
  is_editable: true,
});

describe('rules of the console and of the database are the same', () => {
  test('which there are, and what they are called and worth', async () => {
    const rows = await world.bank.rows('SELECT id, title, explanation, score, version FROM ops.detection_rule ORDER BY id');
    expect(rows).toEqual(rules.map(({ id, title, explanation, score, version }) => ({ id, title, explanation, score, version })));
  });

  test.each(rules.map(rule => [`R${rule.id} ${rule.title}`, rule] as const))(
    '%s: its parameters are settings, with their bounds',
    (_, rule) => {
      for (const [name, parameter] of Object.entries(rule.parameters)) {
        expect(settings.get(settingOf(rule, name))).toMatchObject(asSetting(parameter));
      }
      expect(settings.get(settingOf(rule, 'mode'))).toMatchObject({
        type: 'string',
        value: 'live',
        pattern: '^(live|shadow|off)$',
        is_editable: true,
      });
    },
  );

  test('no setting is there that no rule asks for', () => {
    const known = rules.flatMap(rule => ['mode', ...Object.keys(rule.parameters)].map(name => settingOf(rule, name)));
    const general = ['detection.overlap-seconds', 'detection.alert-score', 'detection.hold-score'];
    expect([...settings.keys()].toSorted()).toEqual([...known, ...general].toSorted());
  });

  test('what nobody has set otherwise is as usual', async () => {
    const { alertScore, holdScore, ruleOf } = await readDetectionSettings(world.watch);
    expect({ alertScore, holdScore }).toEqual({ alertScore: 40, holdScore: 80 });
    for (const rule of rules) expect(ruleOf(rule)).toEqual({ mode: 'live', parameters: usualOf(rule) });
  });
});

describe('a rule’s query', () => {
  const span = { since: new Date('2026-11-01T00:00:00Z'), until: new Date('2026-11-02T00:00:00Z') };

  test.each(rules.map(rule => [`R${rule.id} ${rule.title}`, rule] as const))(
    '%s runs with its names as places, and only those that it has',
    async (_, rule) => {
      const { sql, values } = compileRule(rule, usualOf(rule), span);
      expect(sql).not.toMatch(/(?<!:):[a-z]/);
      expect(values).toContain(span.since);
      expect(values).toContain(span.until);
      expect(values.length).toBe(Object.keys(rule.parameters).length + 2);
      expect(await lookFor(world.watch, rule, usualOf(rule), span)).toEqual([]);
    },
  );

  test('with a name that is no parameter is a mistake', () => {
    const [rule] = rules;
    if (!rule) throw new Error('there are no rules');
    expect(() => compileRule({ ...rule, sql: 'SELECT :nothing' }, {}, span)).toThrow('R1 has no parameter nothing');
  });
});
