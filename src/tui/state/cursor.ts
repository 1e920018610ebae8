import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { layoutOf } from './layout.ts';
import { followDetail, prefetch, readPage } from './reading.ts';
import { andThen, indexOfCursor, stay, withView } from './step.ts';
import type { State } from './types.ts';

export type By = Extract<Intent, { name: 'moved' }>['by'];

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/** The first visible row such that a row is visible, moved as little as possible. */
export const topFor = (index: number, top: number, visible: number, length: number): number =>
  clamp(clamp(top, index - visible + 1, index), 0, Math.max(0, length - 1));

/** Puts the cursor on a row of the window. */
const put = (state: State, index: number, owed: number): State => {
  const { view } = state;
  const row = view.window.rows[index];
  const top = topFor(index, view.top, layoutOf(state.size).listRows, view.window.rows.length);
  if (row?.id === view.cursor && top === view.top && owed === view.owed) return state;
  return withView({ ...state, follow: false }, { cursor: row?.id, top, owed });
};

/** Lines that a key moves by. */
export const linesOf = (by: By, visible: number): number => {
  switch (by) {
    case 'page-down':
      return visible;
    case 'page-up':
      return -visible;
    case 'half-down':
      return Math.ceil(visible / 2);
    case 'half-up':
      return -Math.ceil(visible / 2);
    default:
      return Number(by);
  }
};

/** Moves the cursor; never waits: what goes beyond the rows held is gone when they arrive. */
export const moveCursor = (state: State, by: By): Step => {
  const { rows, moreBefore, moreAfter } = state.view.window;
  if (rows.length === 0) return stay(state);
  if (by === 'first' && moreBefore) return readPage({ ...state, follow: false }, 'first');
  if (by === 'last' && moreAfter) return readPage({ ...state, follow: false }, 'last');
  const index = Math.max(0, indexOfCursor(state.view));
  const goal = by === 'first' ? 0 : by === 'last' ? rows.length - 1 : index + linesOf(by, layoutOf(state.size).listRows) + state.view.owed;
  const reached = clamp(goal, 0, rows.length - 1);
  const owed = (goal > reached && moreAfter) || (goal < reached && moreBefore) ? goal - reached : 0;
  const moved = put(state, reached, owed);
  if (moved === state) return stay(state);
  return andThen(prefetch(moved), followDetail);
};

/** Goes what was still owed, now that more rows are there. */
export const settleOwed = (state: State): Step => (state.view.owed === 0 ? stay(state) : moveCursor(state, 0));
