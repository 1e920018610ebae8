import type { Step } from './effects.ts';
import { layoutOf } from './layout.ts';
import { asking, indexOfCursor, rowAtCursor, stay, step, withView } from './step.ts';
import type { Reading, State } from './types.ts';
import { pageRows } from './window.ts';

/** A detail that is shown is read again after this time, in milliseconds. */
const detailAge = 5_000;
/** Rows are counted again after this time, in milliseconds. */
const countAge = 10_000;

/** Asks for a page; what was asked for before is no longer wanted. */
export const readPage = (state: State, place: Reading): Step => {
  if (!state.session) return stay(state);
  const { state: next, asked } = asking(state, 'page');
  const reading = withView(next, { reading: place });
  return step(reading, { kind: 'read-page', asked, view: reading.view, place, limit: pageRows });
};

export const countRows = (state: State): Step => {
  if (!state.session) return stay(state);
  const { state: next, asked } = asking(withView(state, { countedAt: state.now }), 'count');
  return step(next, { kind: 'count', asked, view: next.view });
};

/** Asks which marks the filter hides, where there are any. */
export const matchMarks = (state: State): Step => {
  if (!state.session || state.view.marks.size === 0) return stay(state.view.hidden === 0 ? state : withView(state, { hidden: 0 }));
  const { state: next, asked } = asking(state, 'marks');
  return step(next, { kind: 'match-marks', asked, view: next.view });
};

/** Reads the visible rows again. One at a time: a slow database is not asked faster than it answers. */
export const refresh = (state: State): Step => {
  if (!state.session || state.refreshing || state.view.reading === 'first' || state.view.reading === 'last') return stay(state);
  const { state: next, asked } = asking({ ...state, refreshing: true }, 'refresh');
  const view = state.follow ? { ...next.view, window: { rows: [], moreBefore: false, moreAfter: false }, top: 0 } : next.view;
  return step(next, { kind: 'refresh', asked, view, visible: layoutOf(state.size).listRows });
};

/** Asks for more rows before the cursor reaches the edge of those held. */
export const prefetch = (state: State): Step => {
  const { view } = state;
  if (view.reading !== undefined || view.status !== 'ready') return stay(state);
  const index = indexOfCursor(view);
  const { rows, moreBefore, moreAfter } = view.window;
  if (index < 0) return stay(state);
  if (moreAfter && rows.length - index <= pageRows) return readPage(state, 'after');
  if (moreBefore && index < pageRows / 2) return readPage(state, 'before');
  return stay(state);
};

/** Whether the detail of the record under the cursor is on screen. */
const showsDetail = (state: State): boolean => state.view.inDetail || layoutOf(state.size).preview;

/**
 * Asks for the detail of the record under the cursor, if it is shown and not there yet. What is shown of the record before stays until
 * then; its id tells the screen whose it is.
 */
export const followDetail = (state: State, again = false): Step => {
  const { view } = state;
  const row = rowAtCursor(view);
  if (!showsDetail(state)) return stay(view.detail ? withView(state, { detail: undefined }) : state);
  // Nothing comes in the place of what was shown
  if (!row && view.status === 'ready' && view.window.rows.length === 0)
    return stay(withView(state, { detail: undefined, inDetail: false }));
  if (!row) return stay(state);
  if (!again && view.detail?.id === row.id && view.detail.error === undefined) return stay(state);
  const { state: next, asked } = asking(state, 'detail');
  const detail = view.detail ? { ...view.detail, askedAt: state.now } : { id: row.id, scroll: 0, askedAt: state.now };
  return step(withView(next, { detail }), {
    kind: 'read-detail',
    asked,
    resource: view.resource,
    row,
    soon: view.inDetail || again || !view.detail,
  });
};

/** Detail and count go stale slowly. */
export const readAgain = (state: State): Step => {
  const { view } = state;
  if (view.detail && view.detail.id === view.cursor && state.now - view.detail.askedAt >= detailAge) return followDetail(state, true);
  return view.status === 'ready' && state.now - view.countedAt >= countAge ? countRows(state) : stay(state);
};
