import { expect, test } from 'vitest';
import { asciiSparkline, bar, change, sparkline } from '../../src/domain/sparkline.ts';

test('a sparkline has one column per value, from zero to the largest', () => {
  expect(sparkline([0, 1, 50, 100])).toBe('▁▂▅█');
  expect(sparkline([0, 0])).toBe('▁▁');
  expect(sparkline([])).toBe('');
  expect(sparkline([Number.NaN, -1, Infinity, 7])).toBe('▁▁▁█');
});

test('a terminal of ASCII shows the same heights', () => {
  expect(sparkline([0, 1, 50, 100], { ascii: true })).toBe('_.+@');
  expect(asciiSparkline(`so ${sparkline([0, 1, 50, 100])}`)).toBe('so _.+@');
});

test('a bar is empty only for nothing and full only for all', () => {
  expect([bar(0n, 10n, 4), bar(1n, 1_000n, 4), bar(999n, 1_000n, 4), bar(10n, 10n, 4)]).toEqual(['[....]', '[#...]', '[###.]', '[####]']);
  expect([bar(5n, 0n, 4), bar(50n, 10n, 4)]).toEqual(['[....]', '[####]']);
});

test('a change is told in percent of what was', () => {
  expect([change(112, 100), change(50, 100), change(100, 100), change(3, 0), change(0, 0)]).toEqual([
    '+12 %',
    '-50 %',
    'same',
    'new',
    'same',
  ]);
});
