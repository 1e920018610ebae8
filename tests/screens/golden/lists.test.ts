import { describe, test } from 'vitest';
import { expectGolden } from '../../support/frame.tsx';
import { aReceipt, aSession, aState, detailOf, large, manyAccounts, medium, noon, numberOf, small } from '../../support/state.ts';

const told = { tone: 'good', text: `froze ${numberOf(2)}, audit #88213`, next: 'z undo' } as const;
const done = [
  { receipt: aReceipt(), at: noon - 60_000, undone: false },
  { receipt: aReceipt({ summary: `approved ${numberOf(9)}`, audit: 88_190, waysBack: [] }), at: noon - 840_000, undone: true },
];
const saved = { accounts: { 'frozen, due': 'status=frozen due=yes', large: 'balance>100000' } };

describe.each([small, medium, large])('a list at %o', size => {
  test('as one works with it', () =>
    expectGolden(
      'list',
      aState(size, {
        flash: told,
        done,
        saved,
        view: { filter: 'byron', base: 'status=active', marks: new Set(['4', '7']), hidden: 1, newer: 12 },
      }),
    ));

  test('being read', () =>
    expectGolden('list-loading', aState(size, { rows: [], view: { status: 'loading', count: undefined, readAt: 0 } })));

  test('empty, by a filter', () =>
    expectGolden('list-empty', aState(size, { rows: [], view: { filter: 'owner=nobody', count: { value: 0, exact: true } } })));

  test('not read', () =>
    expectGolden(
      'list-failed',
      aState(size, {
        rows: [],
        view: { status: 'failed', error: 'the database did not answer within 5 s', count: undefined, readAt: noon - 9_000 },
      }),
    ));

  test('stale, the database gone, an outcome unknown', () =>
    expectGolden(
      'list-stale',
      aState(size, {
        session: aSession({ production: true, demo: false }),
        lostSince: noon - 65_000,
        unsettled: [
          {
            action: 'accounts.freeze',
            typed: {},
            options: { request: 'r' },
            label: `Freeze account ${numberOf(2)}`,
            askedAt: noon - 66_000,
          },
        ],
        view: { readAt: noon - 66_000 },
      }),
    ));

  test('starting', () =>
    expectGolden('starting', { ...aState(size), session: undefined, starting: 'Filling the demo bank: 12,000 of 60,000 transactions' }));
});

test('a list that is paused, read-only, sorted otherwise, with all columns, scrolled sideways', () =>
  expectGolden(
    'list-wide',
    aState(small, {
      paused: true,
      session: aSession(
        { production: true, demo: false, name: 'eu-1' },
        { readOnly: { kind: 'forbidden', message: 'opened with --read-only' } },
      ),
      view: { wide: true, scrolled: 2, sort: { field: 'balance', descending: false }, readAt: noon - 42_000 },
    }),
  ));

test('a list with chosen columns, followed, deep in five million', () =>
  expectGolden(
    'list-columns',
    aState(small, {
      follow: true,
      view: {
        columns: ['Number', 'Status', 'Username'],
        count: { value: 4_912_000, exact: false },
        window: { rows: manyAccounts(), moreBefore: true, moreAfter: true },
      },
    }),
  ));

test('the detail in the place of the list', () => {
  const [row] = manyAccounts();
  return expectGolden(
    'detail',
    aState(small, {
      view: { cursor: row?.id, inDetail: true, detail: { id: row!.id, sections: detailOf(row!), scroll: 0, askedAt: noon } },
    }),
  );
});

test('a detail scrolled to its end, and one of the record before', () => {
  const rows = manyAccounts();
  return expectGolden(
    'detail-behind',
    aState(medium, {
      view: { inDetail: true, cursor: rows[3]?.id, detail: { id: rows[2]!.id, sections: detailOf(rows[2]!), scroll: 900, askedAt: noon } },
    }),
  );
});

describe.each([
  { columns: 60, rows: 18 },
  { columns: 40, rows: 10 },
  { columns: 20, rows: 5 },
  { columns: 12, rows: 3 },
])('below 80x24: %o', size => {
  test('a list', () => expectGolden('list', aState(size, { flash: told, view: { filter: 'byron' } })));
  test('with the database gone', () =>
    expectGolden('list-stale', aState(size, { lostSince: noon - 5_000, view: { readAt: noon - 6_000 } })));
});
