import { panesOf } from './panes.ts';
import { parseFilter, type Term } from '../../domain/filter.ts';
import { done, type Outcome } from '../../domain/outcome.ts';
import type { AnyResource, Jump } from '../../kit/define-resource.ts';
import type { Step } from './effects.ts';
import { layoutOf } from './layout.ts';
import { countRows, followDetail, matchMarks, readPage, refresh } from './reading.ts';
import { newView } from './start.ts';
import { andThen, browsing, resourceOf, rowAtCursor, stay, withFlash, withView } from './step.ts';
import type { State, View } from './types.ts';
import { trimmed } from './window.ts';

/** Views that history keeps. */
const longestHistory = 50;

/** Reads a filter as this resource understands it. */
export const termsOf = (state: State, resource: AnyResource, filter: string): Outcome<readonly Term[]> =>
  state.session && filter.trim() !== '' ? parseFilter(filter, resource.page.fields, state.session.filterContext(resource)) : done([]);

/** Answers to what was asked for another list are not wanted any more. */
const unasked = (state: State): State => ({
  ...state,
  refreshing: false,
  asked: {
    page: state.asked.page + 1,
    count: state.asked.count + 1,
    detail: state.asked.detail + 1,
    refresh: state.asked.refresh + 1,
    marks: state.asked.marks + 1,
    pulse: state.asked.pulse,
  },
});

/** Shows a list that has not been read yet. */
export const readView = (state: State): Step => andThen(readPage(unasked(state), 'first'), countRows);

/** Shows again what a cover hid: as it was left, and brought up to date. */
export const readBeneath = (state: State): Step =>
  state.view.status === 'failed'
    ? readView(state)
    : andThen(refresh({ ...state, refreshing: false }), next => followDetail(next, next.view.detail !== undefined));

/** Leaves the list for a new one; `[` leads back to it. */
export const enterView = (state: State, view: View): Step => {
  const left = trimmed({ ...state.view, reading: undefined, owed: 0 }, layoutOf(state.size).listRows);
  const columns = state.columns[view.resource];
  return readView({
    ...browsing(state),
    view: { ...view, columns },
    back: [left, ...state.back].slice(0, longestHistory),
    forward: [],
    follow: false,
  });
};

/** Shows a list as it was left, and brings it up to date. */
const restored = (state: State): Step => {
  const ready = withView(browsing(unasked(state)), { reading: undefined });
  if (ready.view.status !== 'ready') return readView(ready);
  return andThen(andThen(refresh(ready), countRows), followDetail);
};

const leaving = (state: State): View => trimmed({ ...state.view, reading: undefined, owed: 0 }, layoutOf(state.size).listRows);

export const goBack = (state: State): Step => {
  const [view, ...back] = state.back;
  if (!view) return stay(withFlash(state, 'info', 'there is nothing further back'));
  return restored({ ...state, follow: false, view, back, forward: [leaving(state), ...state.forward] });
};

export const goForward = (state: State): Step => {
  const [view, ...forward] = state.forward;
  if (!view) return stay(withFlash(state, 'info', 'there is nothing further on'));
  return restored({ ...state, follow: false, view, forward, back: [leaving(state), ...state.back] });
};

/** The last view and this one change places. */
export const goLast = (state: State): Step => {
  const [view, ...back] = state.back;
  if (!view) return stay(withFlash(state, 'info', 'there was no view before this one'));
  return restored({ ...state, follow: false, view, back: [leaving(state), ...back] });
};

/** Filters the list; rows on screen stay until the new ones are there. */
export const applyFilter = (state: State, filter: string, terms: readonly Term[]): Step => {
  const next = withView(browsing(state), { filter, terms, status: 'loading', count: undefined, newer: 0 });
  return andThen(readView({ ...next, follow: false }), matchMarks);
};

export const clearFilter = (state: State): Step => {
  const terms = termsOf(state, resourceOf(state), state.view.base);
  return applyFilter(state, '', terms.ok ? terms.value : []);
};

export const sortBy = (state: State, field: string, descending: boolean): Step =>
  readView(withView({ ...browsing(state), follow: false }, { sort: { field, descending }, status: 'loading', newer: 0 }));

/** Opens a list by resource and filter, as `:`, jumps and panes do. */
export const openList = (state: State, resource: AnyResource, base: string): Outcome<Step> => {
  const begun = base === '' ? (resource.start ?? '') : base;
  const terms = termsOf(state, resource, begun);
  return terms.ok ? done(enterView(state, newView(resource, { base: begun, terms: terms.value }))) : terms;
};

export const openPane = (state: State, index: number): Step => {
  const panes = panesOf(state.registry);
  const resource = panes[index];
  if (!resource) return stay(withFlash(state, 'info', `there are ${panes.length} panes`));
  if (resource.id === state.view.resource && state.view.base === (resource.start ?? '')) return stay(state);
  const opened = openList(state, resource, '');
  return opened.ok ? opened.value : stay(withFlash(state, 'bad', opened.refusal.message, opened.refusal.next));
};

/** Goes where a record leads. */
export const follow = (state: State, jump: Jump): Step => {
  const resource = state.registry.resources.find(candidate => candidate.id === jump.resource);
  if (!resource) return stay(withFlash(state, 'info', `there is no pane ${jump.resource} here`));
  const opened = openList(state, resource, jump.filter);
  return opened.ok ? opened.value : stay(withFlash(state, 'bad', opened.refusal.message, opened.refusal.next));
};

const jumpWords = { u: 'user', a: 'account', t: 'transactions', l: 'log', T: 'trace' } as const;

export const jump = (state: State, key: keyof typeof jumpWords): Step => {
  const row = rowAtCursor(state.view);
  const target = row && resourceOf(state).jumps[key]?.(row);
  return target ? follow(state, target) : stay(withFlash(state, 'info', `this record leads to no ${jumpWords[key]}`));
};

/** Enter: the record's detail, or where the record leads. */
export const openRecord = (state: State): Step => {
  const row = rowAtCursor(state.view);
  if (!row) return stay(state);
  const target = resourceOf(state).open?.(row);
  return target ? follow(state, target) : openDetail(state);
};

export const openDetail = (state: State): Step =>
  rowAtCursor(state.view) ? followDetail(withView(state, { inDetail: true })) : stay(state);

export const closeDetail = (state: State): Step => {
  const { cursor, left, window, top } = state.view;
  const back = left !== undefined && left.id === cursor ? { cursor: (window.rows[top] ?? window.rows[0])?.id } : {};
  return followDetail(withView(state, { inDetail: false, left: undefined, ...back }));
};
