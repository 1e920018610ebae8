import { expect, test } from 'vitest';
import { redMarks, ruleWord } from '../../src/domain/red-flag.ts';

test.each([
  [[], ''],
  [[1], 'L'],
  [[1, 2, 3, 4], 'LVRF'],
  [[1, 5, 16], 'L+2'],
  [[6], 'R6'],
  [[6, 9, 12], 'R6+2'],
])('the rules %j are marked as "%s"', (rules, marks) => expect(redMarks(rules)).toBe(marks));

test('the four red flags have words, other rules their numbers', () => {
  expect([1, 2, 3, 4, 5].map(ruleWord)).toEqual(['large', 'rapid', 'round', 'party', 'R5']);
});
