import { describe, expect, test } from 'vitest';
import {
  formatThreshold,
  judgeBy,
  thresholdKey,
  thresholdNamed,
  thresholdSettings,
  whyNotThreshold,
} from '../../src/domain/health-thresholds.ts';
import { measureNamed } from '../../src/domain/health-measures.ts';

describe.each(thresholdSettings.map(setting => [setting.key, setting] as const))('%s', (key, setting) => {
  test('has a usual value within its bounds, which breaks no standard and is in order', () => {
    const { usual, min, max, safeMin, safeMax } = setting;
    expect(usual).toBeGreaterThanOrEqual(Math.max(min, safeMin ?? min));
    expect(usual).toBeLessThanOrEqual(Math.min(max, safeMax ?? max));
    expect(whyNotThreshold(key, usual, new Map())).toBeUndefined();
    expect(thresholdNamed(key)).toBe(setting);
    expect(formatThreshold(setting, usual)).not.toContain('NaN');
  });
});

test('a measure is judged by what is set, in its own unit, and as usual where nothing is or what is set makes no sense', () => {
  expect(judgeBy(new Map())('host-disk')).toEqual(measureNamed('host-disk'));
  expect(judgeBy(new Map<string, unknown>([['health.host-disk.look', 70], ['health.host-disk.wrong', '95']]))('host-disk')).toMatchObject({ warn: 70, bad: 90 });
  expect(judgeBy(new Map([[thresholdKey('host-database-room', 'look'), 20]]))('host-database-room')).toMatchObject({ warn: 20 * 1_024 ** 3 });
  // it has no second threshold, and no setting gives it one
  expect(judgeBy(new Map([[thresholdKey('host-load', 'wrong'), 3]]))('host-load')).not.toHaveProperty('bad');
  expect(judgeBy(new Map())('of-another-version')).toBeUndefined();
}); // prettier-ignore

test('look comes before wrong, whichever of them is changed and whichever way it counts', () => {
  const set = new Map([['health.host-disk.wrong', 85]]);
  expect(whyNotThreshold('health.host-disk.look', 84, set)).toBeUndefined();
  expect(whyNotThreshold('health.host-disk.look', 85, set)).toBe('look has to come before wrong: health.host-disk.look 85 %, health.host-disk.wrong 85 %');
  expect(whyNotThreshold('health.capacity.wrong', 60, new Map())).toContain('health.capacity.wrong 60 d, health.capacity.look 60 d');
  expect(whyNotThreshold('health.host-load.look', 50, new Map())).toBeUndefined();
}); // prettier-ignore
