import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coverageOf, rowsOf, titlesOf } from '../../scripts/guides/coverage.ts';

const rows = rowsOf(readFileSync(join(import.meta.dirname, '../../docs/GUIDES.md'), 'utf8'));

test('the list has the 152 rows of five guides, each once', () => {
  expect(rows).toHaveLength(152);
  expect(new Set(rows.map(row => row.id)).size).toBe(152);
  expect(Object.entries(Object.groupBy(rows, row => row.guide)).map(([guide, its]) => [guide[0], its?.length])).toEqual([
    ['D', 45],
    ['H', 28],
    ['F', 21],
    ['P', 23],
    ['A', 35],
  ]);
  expect(rows.filter(row => row.isRefused).map(row => row.id)).toEqual(['F2']);
});

test('a row is covered by a title that begins with its id', () => {
  const titles = titlesOf(`
test('D10 an operator freezes', () => undefined);
  it("D11, D12: unfreezes and closes", () => undefined);
test.each([1, 2])('P1 creates %s', () => undefined);
test.skip('D13 closes', () => undefined);
test.skipIf(noSsh)('D31 backs up', () => undefined);
test.todo('D14 edits');
test('frees D16 of doubt', () => undefined);
test('D3x is no row', () => undefined);
`);
  expect([...coverageOf(rows, titles).covered].sort()).toEqual(['D10', 'D11', 'D12', 'D31', 'P1']);
});

test('an id that no guide has is told', () => {
  expect(coverageOf(rows, ['D46 does not exist', 'D45 does']).unknown).toEqual(['D46']);
});
