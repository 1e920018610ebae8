import type { Keyed, Page } from '../../domain/page.ts';
import type { View, Window } from './types.ts';

/** Rows held at most; a list of five million is never in memory. */
export const mostRows = 350;
/** Rows read at once, and kept ready before and after the cursor. */
export const pageRows = 100;
/** Rows kept when a page arrives: a refresh may bring in some between them before others are let go. */
const keptRows = 300;

type Placed = { readonly window: Window; readonly top: number };

const without = (rows: readonly Keyed[], others: readonly Keyed[]): readonly Keyed[] => {
  const ids = new Set(others.map(row => row.id));
  return rows.filter(row => !ids.has(row.id));
};

/** The window with a page behind it; rows far above the visible ones are let go, and where those are at the top, rows far below. */
export const appended = ({ window, top }: View, page: Page<Keyed>): Placed => {
  const rows = [...window.rows, ...without(page.rows, window.rows)];
  const surplus = Math.max(0, Math.min(rows.length - keptRows, top - 1));
  const end = surplus + mostRows;
  return {
    window: {
      rows: surplus > 0 || rows.length > end ? rows.slice(surplus, end) : rows,
      moreBefore: window.moreBefore || surplus > 0,
      moreAfter: page.more || rows.length > end,
    },
    top: top - surplus,
  };
};

/** The window with a page before it; rows far below the visible ones are let go, and where those are at the end, rows far above. */
export const prepended = ({ window, top }: View, page: Page<Keyed>, visible: number): Placed => {
  const added = without(page.rows, window.rows);
  const rows = [...added, ...window.rows];
  const end = Math.min(rows.length, Math.max(keptRows, top + added.length + visible + 1));
  const surplus = Math.max(0, end - mostRows);
  return {
    window: {
      rows: rows.slice(surplus, end),
      moreBefore: page.more || surplus > 0,
      moreAfter: window.moreAfter || rows.length > end,
    },
    top: top + added.length - surplus,
  };
};

const isSame = (before: unknown, after: unknown): boolean =>
  before === after ||
  (before instanceof Date && after instanceof Date && before.getTime() === after.getTime()) ||
  isDeepSame(before, after);

const isDeepSame = (before: unknown, after: unknown): boolean => {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return false;
  if (before instanceof Date || after instanceof Date) return false;
  const entries = Object.entries(before);
  const others = after as Readonly<Record<string, unknown>>;
  return entries.length === Object.keys(after).length && entries.every(([key, value]) => isSame(value, others[key]));
};

/** The row that is held already, if nothing in it changed: what has been drawn of it stays good. */
const settled = (held: ReadonlyMap<bigint, Keyed>, row: Keyed): Keyed => {
  const before = held.get(row.id);
  return before && isDeepSame(before, row) ? before : row;
};

/** A row that was read again for itself, or the one that is held where nothing in it changed. */
export const readAnew = (held: Keyed | undefined, row: Keyed | undefined): Keyed | undefined =>
  held && row && isDeepSame(held, row) ? held : row;

/** The rows behind those that were read again. Without one row in common there may be others in between: then none is kept. */
const behind = (rows: readonly Keyed[], fresh: ReadonlySet<bigint>, from: number): readonly Keyed[] => {
  const common = rows.findLastIndex((row, index) => index >= from && fresh.has(row.id));
  return common < 0 ? [] : rows.slice(common + 1);
};

/**
 * The window after its visible part was read again from the row `from`: changed rows are replaced, vanished ones leave, new ones
 * come in between. Undefined when nothing changed, or when `from` is no longer held.
 */
export const refreshed = (window: Window, page: Page<Keyed>, from: bigint | undefined): Window | undefined => {
  const start = from === undefined ? 0 : window.rows.findIndex(row => row.id === from);
  if (start < 0) return undefined;
  const held = new Map(window.rows.map(row => [row.id, row]));
  const fresh = page.rows.map(row => settled(held, row));
  const ids = new Set(fresh.map(row => row.id));
  const before = window.rows.slice(0, start).filter(row => !ids.has(row.id));
  const after = page.more ? behind(window.rows, ids, start) : [];
  const all = [...before, ...fresh, ...after];
  const rows = all.length > mostRows ? all.slice(0, mostRows) : all;
  const moreAfter = rows.length < all.length || (after.length > 0 ? window.moreAfter : page.more);
  const same =
    rows.length === window.rows.length && rows.every((row, index) => row === window.rows[index]) && moreAfter === window.moreAfter;
  return same ? undefined : { rows, moreBefore: window.moreBefore, moreAfter };
};

/** The rows around the visible ones, for a view that is left and may be come back to. */
export const trimmed = (view: View, visible: number): View => {
  const from = Math.max(0, view.top - visible);
  const to = Math.min(view.window.rows.length, view.top + 2 * visible);
  if (from === 0 && to === view.window.rows.length) return view;
  const { rows, moreBefore, moreAfter } = view.window;
  return {
    ...view,
    top: view.top - from,
    window: { rows: rows.slice(from, to), moreBefore: moreBefore || from > 0, moreAfter: moreAfter || to < rows.length },
  };
};
