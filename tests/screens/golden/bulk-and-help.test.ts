import { describe, test } from 'vitest';
import { tour } from '../../../src/tui/parts/tour.ts';
import { expectGolden } from '../../support/frame.tsx';
import { aBulk, freezeForm, inMode, large, medium, small, someResults } from '../../support/state.ts';

const results = someResults(23);
const finished = { results, skipped: 17, summary: 'froze 20 of 40, 3 refused, 17 not tried' };

describe.each([small, medium, large])('a bulk at %o', size => {
  test('after the first record', () =>
    expectGolden('bulk-canary', inMode(size, { kind: 'bulk', bulk: aBulk({ results: results.slice(0, 1), atCanary: true }) })));
  test('under way', () => expectGolden('bulk-progress', inMode(size, { kind: 'bulk', bulk: aBulk({ results: results.slice(0, 12) }) })));
  test('done, one result per record', () =>
    expectGolden('bulk-results', inMode(size, { kind: 'bulk', bulk: aBulk({ results, finished, scroll: 3 }) })));
});

describe.each([small, medium, large])('help at %o', size => {
  test('for a list', () => expectGolden('help', inMode(size, { kind: 'help', scroll: 0, tour: undefined, under: { kind: 'browse' } })));
});

test('help for a form, scrolled beyond its end', () =>
  expectGolden('help-form', inMode(small, { kind: 'help', scroll: 99, tour: undefined, under: { kind: 'form', form: freezeForm() } })));

test.each(tour.map((_, step) => step))('step %i of the tour', step =>
  expectGolden(`tour-${step + 1}`, inMode(small, { kind: 'help', scroll: 0, tour: step, under: { kind: 'browse' } })),
);
