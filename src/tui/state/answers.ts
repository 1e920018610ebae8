import type { Step } from './effects.ts';
import type { Event, Happening } from './events.ts';
import { settleOwed, topFor } from './cursor.ts';
import { layoutOf } from './layout.ts';
import { followDetail, prefetch } from './reading.ts';
import { andThen, indexOfCursor, rowAtCursor, stay, withFlash, withView } from './step.ts';
import type { State, View } from './types.ts';
import { appended, prepended, readAnew, refreshed } from './window.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** The database answered: what was lost is found. */
const answered = (state: State): State =>
  state.lostSince === undefined
    ? state
    : withFlash({ ...state, lostSince: undefined }, 'good', 'the database answers again; what you typed is still there');

const afresh = (view: View, { page, place }: Of<'page-read'>, visible: number): Partial<View> => {
  const { rows } = page;
  const window = { rows, moreBefore: place === 'last' && page.more, moreAfter: place === 'first' && page.more };
  if (place === 'last') {
    return { window, cursor: rows.at(-1)?.id, top: Math.max(0, rows.length - visible), owed: 0 };
  }
  const kept = rows.findIndex(row => row.id === view.cursor);
  const first = rows[0];
  // The cursor stays with its record as long as the newest rows are in sight as well
  const stays = kept < 0 ? view.left !== undefined : kept < visible;
  return { window, cursor: stays ? view.cursor : first?.id, left: kept < 0 ? view.left : undefined, top: 0, owed: 0, first, newer: 0 };
};

/** A page arrived: the first or last rows of a list, or more of it. */
export const pageRead = (state: State, event: Of<'page-read'>): Step => {
  if (event.asked !== state.asked.page) return stay(state);
  const { view } = state;
  const visible = layoutOf(state.size).listRows;
  const read = { status: 'ready', error: undefined, reading: undefined, readAt: event.at } as const;
  const changes =
    event.place === 'after'
      ? appended(view, event.page)
      : event.place === 'before'
        ? prepended(view, event.page, visible)
        : afresh(view, event, visible);
  const next = withView(answered(state), { ...changes, ...read });
  return andThen(andThen(settleOwed(next), prefetch), followDetail);
};

/** Where the cursor is after a refresh: on its record, or where that was, on the same line of the screen. What is watched stays though the list has it no more. */
const steady = (view: View, window: View['window'], visible: number, left: View['left']): Partial<View> => {
  const held = indexOfCursor(view);
  const before = held < 0 ? view.top : held;
  const found = window.rows.findIndex(row => row.id === view.cursor);
  if (found < 0 && left !== undefined && left.id === view.cursor)
    return { window, left, top: Math.max(0, Math.min(view.top, window.rows.length - 1)) };
  const index = found >= 0 ? found : Math.min(before, window.rows.length - 1);
  const top = topFor(index, Math.max(0, index - (before - view.top)), visible, window.rows.length);
  return { window, cursor: window.rows[index]?.id, left: undefined, top };
};

/** The visible rows were read again. */
export const pageRefreshed = (state: State, event: Of<'page-refreshed'>): Step => {
  if (event.asked !== state.asked.refresh) return stay(state);
  const { view } = state;
  const visible = layoutOf(state.size).listRows;
  const read = { status: 'ready', error: undefined, readAt: event.at, newer: event.newer } as const;
  const alive = answered({ ...state, refreshing: false });
  if (state.follow) {
    const window = refreshed(view.window, event.page, undefined) ?? view.window;
    const [first] = window.rows;
    if (window === view.window && view.cursor === first?.id && view.top === 0) return stay(withView(alive, { ...read, newer: 0 }));
    return andThen(prefetch(withView(alive, { ...read, window, top: 0, cursor: first?.id, first, newer: 0 })), followDetail);
  }
  const left = readAnew(view.left, event.left);
  const window = refreshed(view.window, event.page, event.from) ?? ((left ?? view.left) && view.window);
  if (!window) return stay(withView(alive, read));
  // A record that is sorted otherwise than when it was first is not newer than itself
  const [top] = window.rows;
  const first = top && view.first?.id === top.id ? top : (view.first ?? top);
  const row = rowAtCursor(view);
  const next = withView(alive, { ...read, ...steady(view, window, visible, left), first });
  const changed = row !== rowAtCursor(next.view);
  return andThen(prefetch(next), moved => (changed ? followDetail(moved, moved.view.detail?.id === row?.id) : stay(moved)));
};

export const detailRead = (state: State, { asked, id, sections, at }: Of<'detail-read'>): Step => {
  if (asked !== state.asked.detail) return stay(state);
  const before = state.view.detail;
  return stay(withView(answered(state), { detail: { id, sections, scroll: before?.id === id ? before.scroll : 0, askedAt: at } }));
};

/** A read failed: what is on screen stays, says how old it is, and is tried again. */
export const readFailed = (state: State, { what, asked, message, lost, at }: Of<'read-failed'>): Step => {
  const current = asked === state.asked[what];
  const told = lost && state.lostSince === undefined ? { ...state, lostSince: at } : state;
  if (!current) return stay(told);
  const { view } = state;
  switch (what) {
    case 'page': {
      const failed = view.reading === 'first' || view.reading === 'last' || view.window.rows.length === 0;
      const next = withView(told, { reading: undefined, owed: 0, ...(failed ? ({ status: 'failed', error: message } as const) : {}) });
      return stay(lost ? next : withFlash(next, 'bad', message, 'nothing was changed; r reads again'));
    }
    case 'refresh': {
      const next = { ...told, refreshing: false };
      return stay(lost ? next : withFlash(next, 'warn', message, 'the rows on screen are as they were; r reads again'));
    }
    case 'detail': {
      if (view.cursor === undefined) return stay(told);
      // the banner says that the database is away; what was read of this record is still worth reading
      if (lost && view.detail?.sections && view.detail.id === view.cursor)
        return stay(withView(told, { detail: { ...view.detail, askedAt: at } }));
      return stay(withView(told, { detail: { id: view.cursor, error: message, scroll: 0, askedAt: at } }));
    }
    case 'count':
    case 'marks':
      return stay(told);
  }
};
