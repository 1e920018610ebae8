import { describe, expect, test } from 'vitest';
import type { Page, Keyed } from '../../../src/domain/page.ts';
import type { Happening } from '../../../src/tui/state/events.ts';
import { crumbsLine } from '../../../src/tui/parts/crumbs.ts';
import type { State } from '../../../src/tui/state/types.ts';
import { anAccount, aState, manyAccounts, medium, small } from '../../support/state.ts';
import { effectOf, happen, kindsOf, press } from '../../support/state-play.ts';

const down = { name: 'moved', by: 1 } as const;
const marksOf = ({ view }: State) => [...view.marks];
const lineOfCursor = ({ view }: State): number => view.window.rows.findIndex(row => row.id === view.cursor) - view.top;

test('the cursor never stands behind the last of all: rows may be read before they are counted again', () => {
  const standing = (count: number): string | undefined =>
    /\d+ of \d+/.exec(crumbsLine(aState(small, { view: { cursor: 3n, count: { value: count, exact: true } } }), 80))?.[0];
  expect([standing(0), standing(8)]).toEqual(['3 of 3', '3 of 8']);
});

describe('marks', () => {
  test('Space marks and goes on; a second time takes the mark away', () => {
    const { state } = press(aState(small), 'marked', 'marked');
    expect([marksOf(state), state.view.cursor]).toEqual([['3', '4'], 5n]);
    expect(marksOf(press(state, { name: 'moved', by: -1 }, 'marked').state)).toEqual(['3']);
  });

  test('a range takes all between, in either direction, and keeps what was marked', () => {
    const marked = aState(small, { view: { marks: new Set(['9']) } });
    expect(marksOf(press(marked, 'range-marked', down, down, 'range-marked').state)).toEqual(['9', '3', '4', '5']);
    expect(marksOf(press(marked, 'range-marked', { name: 'moved', by: -2 }, 'marked').state)).toEqual(['9', '1', '2', '3']);
  });

  test('a range whose beginning is no longer held marks nothing and says so', () => {
    const { state } = press(aState(small, { view: { rangeFrom: 4_000n } }), 'range-marked');
    expect([marksOf(state), state.view.rangeFrom, state.flash?.tone]).toEqual([[], undefined, 'warn']);
  });

  test('all that match are those of the answer; an older answer marks nothing', () => {
    const asking = press(aState(small), 'all-marked', 'all-marked');
    const { asked = 0 } = effectOf(asking, 'freeze-ids') ?? {};
    const answer = (number: number) => happen(asking.state, { kind: 'ids-frozen', asked: number, ids: ['7', '8'], more: true }).state;
    expect(marksOf(answer(asked))).toEqual(['7', '8']);
    expect(answer(asked).flash?.text).toBe('the first 2 are marked; there are more');
    expect(answer(asked - 1)).toBe(asking.state);
  });

  test('Esc closes one thing at a time: the detail, the range, the marks, the filter', () => {
    let state = aState(small, { view: { inDetail: true, rangeFrom: 3n, marks: new Set(['5']), filter: 'status=active' } });
    const seen = [];
    for (let time = 0; time < 4; time += 1) {
      state = press(state, 'escaped').state;
      seen.push([state.view.inDetail, state.view.rangeFrom, state.view.marks.size, state.view.filter]);
    }
    expect(seen).toEqual([
      [false, 3n, 1, 'status=active'],
      [false, undefined, 1, 'status=active'],
      [false, undefined, 0, 'status=active'],
      [false, undefined, 0, ''],
    ]);
  });
});

describe('a refresh', () => {
  const rows = manyAccounts(60);
  const refreshed = (state: State, page: Page<Keyed>, from: bigint | undefined): State =>
    happen(state, { kind: 'page-refreshed', asked: state.asked.refresh, from, page, newer: 0 }).state;
  const onTenth = aState(small, { rows, view: { cursor: 10n, top: 4 } });
  const from = rows[4]?.id;

  test('with rows that came above keeps the cursor on its record and line', () => {
    const came = [anAccount(900), anAccount(901)];
    const next = refreshed(onTenth, { rows: [...rows.slice(4, 6), ...came, ...rows.slice(6, 20)], more: true }, from);
    expect([next.view.cursor, lineOfCursor(next)]).toEqual([10n, 5]);
    expect(next.view.window.rows).toHaveLength(62);
  });

  test('with rows that went above keeps the cursor on its record', () => {
    const next = refreshed(onTenth, { rows: rows.slice(7, 25), more: true }, from);
    expect([next.view.cursor, next.view.window.rows.length]).toEqual([10n, 57]);
    expect(lineOfCursor(next)).toBe(5);
  });

  test('without the record puts the cursor where it was', () => {
    const next = refreshed(onTenth, { rows: [...rows.slice(4, 9), ...rows.slice(10, 25)], more: true }, from);
    expect([next.view.cursor, lineOfCursor(next)]).toEqual([11n, 5]);
  });

  test('that found all gone leaves an empty list', () => {
    const { view } = refreshed(aState(small, { rows }), { rows: [], more: false }, rows[0]?.id);
    expect([view.window.rows, view.cursor, view.top]).toEqual([[], undefined, 0]);
  });

  test('that found all gone leaves no detail of what was there', () => {
    const detail = { id: 1n, sections: [], scroll: 0, askedAt: 0 };
    for (const inDetail of [true, false])
      expect(refreshed(aState(medium, { rows, view: { detail, inDetail } }), { rows: [], more: false }, rows[0]?.id).view).toMatchObject({
        detail: undefined,
        inDetail: false,
      });
  });

  test('without the record that is watched keeps it open, follows it, and goes back to the list from it', () => {
    const gone = { ...anAccount(9), status: 'closed' } as Keyed;
    const others = [...rows.slice(4, 9), ...rows.slice(10, 25)];
    const watching = aState(small, {
      rows,
      view: { cursor: 10n, top: 4, inDetail: true, detail: { id: 10n, sections: [], scroll: 3, askedAt: 0 } },
    });
    const refresh = (state: State, left: Keyed | undefined) =>
      happen(state, { kind: 'page-refreshed', asked: state.asked.refresh, from, page: { rows: others, more: true }, newer: 0, left });
    const first = refresh(watching, gone);
    expect(first.state.view).toMatchObject({ cursor: 10n, left: gone, inDetail: true });
    expect(effectOf(first, 'read-detail')?.row).toBe(gone);
    // as long as it stays as it is nothing is read again, and a change of it is
    expect(kindsOf(refresh(first.state, { ...gone }))).not.toContain('read-detail');
    expect(kindsOf(refresh(first.state, { ...gone, status: 'active' } as Keyed))).toContain('read-detail');
    expect(press(first.state, 'escaped').state.view).toMatchObject({ left: undefined, inDetail: false, cursor: 5n });
    // what is there no more at all is no longer shown
    expect(refresh(first.state, undefined).state.view).toMatchObject({ left: undefined, cursor: 5n });
  });

  test('that lost the database leaves the detail as it was read; what fails otherwise is told there', () => {
    const detail = { id: 10n, sections: [{ title: 'Run', lines: [] }], scroll: 3, askedAt: 0 };
    const reading = aState(small, { rows, view: { cursor: 10n, inDetail: true, detail } });
    const failed = (state: State, lost: boolean) =>
      happen(state, { kind: 'read-failed', asked: state.asked.detail, what: 'detail', message: 'it does not answer', lost }).state;
    expect(failed(reading, true)).toMatchObject({
      lostSince: expect.any(Number) as number,
      view: { detail: { ...detail, askedAt: expect.any(Number) as number } },
    });
    expect(failed(reading, false).view.detail).toMatchObject({ id: 10n, error: 'it does not answer' });
    const another = aState(small, { rows, view: { cursor: 11n, inDetail: true, detail } });
    expect(failed(another, true).view.detail).toMatchObject({ id: 11n, error: 'it does not answer' });
  });

  test('that found nothing new draws nothing anew', () => {
    const next = refreshed(onTenth, { rows: rows.slice(4, 20).map(row => ({ ...row })), more: true }, from);
    expect(next.view.window).toBe(onTenth.view.window);
  });

  test('that found the first record with a later time counts what came above it from there', () => {
    const [first, ...others] = rows.map(row => ({ ...row, sortKey: '2026-11-21 18:45:52' }));
    const later = { ...first, sortKey: '2026-11-21 18:46:04' } as Keyed;
    const state = aState(small, { rows, view: { first: rows[0], top: 0 } });
    expect(refreshed(state, { rows: [later, ...others], more: true }, rows[0]?.id).view.first).toMatchObject({
      id: later.id,
      sortKey: later.sortKey,
    });
    const came = refreshed(state, { rows: [anAccount(900), later, ...others], more: true }, rows[0]?.id);
    expect(came.view.first).toBe(rows[0]);
  });

  test('is asked for one at a time, and not while paused', () => {
    const first = happen(aState(small), { kind: 'ticked' }, 1_000);
    expect(kindsOf(first)).toContain('refresh');
    expect(kindsOf(happen(first.state, { kind: 'ticked' }, 2_000))).not.toContain('refresh');
    expect(kindsOf(happen(press(aState(small), 'paused').state, { kind: 'ticked' }, 1_000))).not.toContain('refresh');
  });
});

describe('answers to older questions are dropped', () => {
  const state = { ...aState(medium), asked: { page: 5, count: 5, detail: 5, refresh: 5, marks: 5, pulse: 5 } };
  const page = { rows: manyAccounts(3), more: false };
  test.each<Happening>([
    { kind: 'page-read', asked: 4, place: 'first', page },
    { kind: 'page-refreshed', asked: 4, from: undefined, page, newer: 9 },
    { kind: 'rows-counted', asked: 4, count: { value: 3, exact: true } },
    { kind: 'detail-read', asked: 4, id: 3n, sections: [] },
    { kind: 'marks-matched', asked: 4, hidden: 9 },
    { kind: 'read-failed', asked: 4, what: 'page', message: 'too slow', lost: false },
  ])('$kind', happening => {
    expect(happen(state, happening).state).toBe(state);
    expect(happen(state, { ...happening, asked: 5 } as Happening).state).not.toBe(state);
  });

  test('also those asked for the list before, once another is shown', () => {
    const filtering = press(
      happen(press(aState(small), 'command-opened').state, { kind: 'text-changed', text: 'users' }).state,
      'confirmed',
    );
    const { asked = 0 } = effectOf(filtering, 'read-page') ?? {};
    expect(filtering.state.view.resource).toBe('users');
    expect(happen(filtering.state, { kind: 'page-read', asked: asked - 1, place: 'first', page }).state).toBe(filtering.state);
  });
});

describe('history', () => {
  const left = aState(small, { view: { cursor: 12n, top: 6, marks: new Set(['2', '12']), filter: 'status=active', rangeFrom: 11n } });
  const gone = press(left, { name: 'jumped', key: 'u' }).state;

  test('a jump opens the other list', () => {
    expect([gone.view.resource, gone.view.base, gone.back.length]).toEqual(['users', 'username=王.小明', 1]);
  });

  test('back restores cursor, line, marks and filter, and reads again', () => {
    const step = press(gone, 'went-back');
    expect(step.state.view).toMatchObject({ resource: 'accounts', cursor: 12n, filter: 'status=active', marks: new Set(['2', '12']) });
    expect(lineOfCursor(step.state)).toBe(lineOfCursor(left));
    expect(kindsOf(step)).toEqual(['refresh', 'count']);
    expect(step.state.forward).toHaveLength(1);
  });

  test('forward leads to where it was left; a new list forgets what lay forward', () => {
    const back = press(gone, 'went-back').state;
    expect(press(back, 'went-forward').state.view).toMatchObject({ resource: 'users', base: gone.view.base });
    expect(press(back, { name: 'jumped', key: 't' }).state).toMatchObject({ forward: [], view: { resource: 'transactions' } });
  });

  test('the last view and this one change places', () => {
    const once = press(gone, 'went-last').state;
    expect([once.view.resource, press(once, 'went-last').state.view.resource]).toEqual(['accounts', 'users']);
  });

  test('at its end it says so and stays', () => {
    const { state } = press(aState(small), 'went-back');
    expect([state.flash?.text, state.view.resource]).toEqual(['there is nothing further back', 'accounts']);
  });
});
