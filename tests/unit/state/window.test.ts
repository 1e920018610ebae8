import { describe, expect, test } from 'vitest';
import type { Effect } from '../../../src/tui/state/effects.ts';
import type { Intent } from '../../../src/tui/state/events.ts';
import { layoutOf } from '../../../src/tui/state/layout.ts';
import type { State, View } from '../../../src/tui/state/types.ts';
import { mostRows, pageRows } from '../../../src/tui/state/window.ts';
import { anAccount, aState, manyAccounts, small } from '../../support/state.ts';
import { aBank, answerTo, type ModelBank } from '../../support/state-bank.ts';
import { effectOf, happen, kindsOf, press } from '../../support/state-play.ts';

const visible = layoutOf(small).listRows;

const down: Intent = { name: 'moved', by: 1 };
const pageDown: Intent = { name: 'moved', by: 'page-down' };
const to = (by: 'first' | 'last'): Intent => ({ name: 'moved', by });

/** A list whose rows from `first` on are held, with the cursor on one of them. */
const holding = (count: number, view: Partial<View> = {}, first = 0): State => {
  const rows = Array.from({ length: count }, (_, index) => anAccount(first + index));
  return aState(small, { rows, view: { cursor: rows[0]?.id, moreAfter: true, ...view } as Partial<View> });
};
const heldOf = ({ view }: State) => view.window.rows.map(row => Number(row.id));
const lineOfCursor = ({ view }: State): number => view.window.rows.findIndex(row => row.id === view.cursor) - view.top;

/** Presses a key and answers what is read because of it, until nothing is. */
const settle = (bank: ModelBank, state: State, intent: Intent): State => {
  let step = press(state, intent);
  for (let reads = 0; effectOf(step, 'read-page'); reads += 1) {
    const read = effectOf(step, 'read-page');
    const answer = read && answerTo(bank, read, 0);
    if (!answer || reads > 20) throw new Error('it reads without end');
    step = happen(step.state, answer);
  }
  return step.state;
};

const fresh = (bank: ModelBank): State => settle(bank, aState(small, { rows: [], view: { status: 'loading' } }), { name: 'sort-reversed' });

describe('the rows held', () => {
  test('are never more than the window has room for, all the way down and up', () => {
    const bank = aBank(2_000);
    let state = fresh(bank);
    const [first] = heldOf(state);
    for (let page = 0; page < 60; page += 1) {
      state = settle(bank, state, pageDown);
      expect(heldOf(state).length).toBeLessThanOrEqual(mostRows);
    }
    expect(state.view.window.moreBefore).toBe(true);
    expect(lineOfCursor(state)).toBeGreaterThanOrEqual(0);
    for (let page = 0; page < 60; page += 1) {
      state = settle(bank, state, { name: 'moved', by: 'page-up' });
      expect(heldOf(state).length).toBeLessThanOrEqual(mostRows);
    }
    expect([Number(state.view.cursor), state.view.window.moreBefore]).toEqual([first, false]);
  });

  test('follow one another without a gap', () => {
    const bank = aBank(900);
    let state = fresh(bank);
    for (let page = 0; page < 30; page += 1) state = settle(bank, state, pageDown);
    const held = heldOf(state);
    expect(held).toEqual(held.map((_, index) => (held[0] ?? 0) - index));
  });

  test('stay within the room when the answer comes after the cursor went back to the beginning', () => {
    const state = {
      ...holding(mostRows),
      view: { ...holding(mostRows).view, window: { rows: manyAccounts(mostRows), moreBefore: false, moreAfter: true } },
    };
    const asking = press({ ...state, view: { ...state.view, cursor: 250n, top: 240 } }, down);
    const { asked = 0 } = effectOf(asking, 'read-page') ?? {};
    const back = press(asking.state, to('first')).state;
    const rows = Array.from({ length: pageRows }, (_, index) => anAccount(mostRows + index));
    const { view } = happen(back, { kind: 'page-read', asked, place: 'after', page: { rows, more: false } }).state;
    expect(view.window.rows.length).toBeLessThanOrEqual(mostRows);
    expect([view.cursor, view.window.moreAfter, view.window.moreBefore]).toEqual([1n, true, false]);
  });

  test('stay within the room when earlier ones come after the cursor went to the end', () => {
    const rows = Array.from({ length: mostRows }, (_, index) => anAccount(500 + index));
    const state = aState(small, { rows, view: { cursor: 540n, top: 30, window: { rows, moreBefore: true, moreAfter: false } } });
    const asking = press(state, { name: 'moved', by: -1 });
    const { asked = 0 } = effectOf(asking, 'read-page') ?? {};
    const end = press(asking.state, to('last')).state;
    const earlier = Array.from({ length: pageRows }, (_, index) => anAccount(400 + index));
    const { view } = happen(end, { kind: 'page-read', asked, place: 'before', page: { rows: earlier, more: false } }).state;
    expect(view.window.rows.length).toBeLessThanOrEqual(mostRows);
    expect([view.cursor, view.window.moreBefore, view.window.moreAfter]).toEqual([850n, true, false]);
    expect(view.window.rows[view.top + visible - 1]?.id).toBe(850n);
  });
});

describe('reading ahead', () => {
  const ask = (view: Partial<View>): Effect | undefined => effectOf(press(aState(small, { view }), down), 'read-page');
  const rows = manyAccounts(250);

  test('begins a page before the edge, not earlier', () => {
    const window = { rows, moreBefore: false, moreAfter: true };
    expect(ask({ window, cursor: 149n, top: 140 })).toBeUndefined();
    expect(ask({ window, cursor: 150n, top: 140 })).toMatchObject({ place: 'after', limit: pageRows });
  });

  test('asks for nothing where there is nothing more, and only once', () => {
    expect(ask({ window: { rows, moreBefore: false, moreAfter: false }, cursor: 240n, top: 235 })).toBeUndefined();
    expect(ask({ window: { rows, moreBefore: false, moreAfter: true }, cursor: 240n, top: 235, reading: 'after' })).toBeUndefined();
  });

  test('keys wait for nothing: what goes beyond the rows held is gone when they arrive', () => {
    const some = rows.slice(0, 10);
    const state = aState(small, { view: { window: { rows: some, moreBefore: false, moreAfter: true }, cursor: 10n, top: 0 } });
    const first = press(state, down);
    const { state: waiting } = press(first.state, down, down);
    expect([waiting.view.cursor, waiting.view.owed]).toEqual([10n, 3]);
    const { asked = 0 } = effectOf(first, 'read-page') ?? {};
    const { view } = happen(waiting, { kind: 'page-read', asked, place: 'after', page: { rows: rows.slice(10, 60), more: true } }).state;
    expect([view.cursor, view.owed]).toEqual([13n, 0]);
  });
});

test('the top follows the cursor no further than it must', () => {
  const inView = holding(60);
  expect(press(inView, { name: 'moved', by: visible - 1 }).state.view.top).toBe(0);
  expect(press(inView, { name: 'moved', by: visible }).state.view.top).toBe(1);
  const low = press(inView, to('last')).state;
  expect(low.view.top).toBe(60 - visible);
  expect(press(low, { name: 'moved', by: -3 }).state.view.top).toBe(60 - visible);
  expect(press(low, to('first')).state.view).toMatchObject({ top: 0, cursor: 1n });
});

test('an empty list takes every key', () => {
  const empty = aState(small, { rows: [], view: { cursor: undefined, detail: undefined } });
  for (const by of [1, -1, 'page-down', 'first', 'last'] as const) {
    expect(kindsOf(press(empty, { name: 'moved', by }))).toEqual([]);
    expect(press(empty, { name: 'moved', by }).state).toEqual(empty);
  }
});
