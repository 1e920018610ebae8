import { openActions } from './actions.ts';
import { openSort } from './choosers.ts';
import { openCommand } from './command.ts';
import { moveCursor } from './cursor.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { openFilter } from './filter.ts';
import { openHelp, scrolledBy } from './help.ts';
import { openLogs } from './log-form.ts';
import { layoutOf } from './layout.ts';
import { clearMarks, markAll, markRange, toggleMark } from './marks.ts';
import { openNote } from './note.ts';
import { openIncident, openInbox } from './operator.ts';
import { countRows, readPage, refresh } from './reading.ts';
import { andThen, resourceOf, rowAtCursor, stay, step, withFlash, withMode, withView } from './step.ts';
import type { State } from './types.ts';
import { undoLast } from './undo.ts';
import { clearFilter, closeDetail, goBack, goForward, goLast, jump, openDetail, openPane, openRecord, sortBy } from './views.ts';
import { openWindow } from './write-window.ts';

/** Closes what is open, then clears, then goes back: a detail, a range, marks, the filter, the view. */
const escape = (state: State): Step => {
  const { view } = state;
  if (state.flash) return andThen(stay({ ...state, flash: undefined }), escape);
  if (view.inDetail) return closeDetail(state);
  if (view.rangeFrom !== undefined) return stay(withView(state, { rangeFrom: undefined }));
  if (view.marks.size > 0) return stay(clearMarks(state));
  if (view.filter !== '') return clearFilter(state);
  return state.back.length > 0 ? goBack(state) : stay(state);
};

/** `q` closes the top view, and at the last one asks whether to leave. */
const quit = (state: State): Step => {
  if (state.view.inDetail) return closeDetail(state);
  return state.back.length > 0 ? goBack(state) : stay(withMode(state, { kind: 'quit' }));
};

const interrupt = (state: State): Step =>
  state.view.reading === undefined
    ? stay(withMode(state, { kind: 'quit' }))
    : step(withFlash(state, 'info', 'cancelling what is being read', 'r reads again'), { kind: 'cancel-reads' });

const moved = (state: State, by: Extract<Intent, { name: 'moved' }>['by']): Step => {
  const { detail, inDetail } = state.view;
  if (!inDetail || !detail) return moveCursor(state, by);
  const scroll = scrolledBy(detail.scroll, by, layoutOf(state.size).bodyLines);
  return stay(scroll === detail.scroll ? state : withView(state, { detail: { ...detail, scroll } }));
};

/** `r`: shows rows that came on top, or reads the visible ones again. */
const reread = (state: State): Step => {
  const again =
    state.view.newer > 0 || state.view.status === 'failed' ? readPage(state, 'first') : refresh({ ...state, refreshing: false });
  return andThen(again, countRows);
};

const pause = (state: State): Step => {
  const paused = !state.paused;
  const told = withFlash({ ...state, paused, follow: false }, 'info', paused ? 'live updates are paused' : 'live again');
  return paused ? stay(told) : refresh(told);
};

const follow = (state: State): Step => {
  const next = { ...state, follow: !state.follow, paused: false };
  return next.follow
    ? readPage(withFlash(next, 'info', 'following: new rows show at once'), 'first')
    : stay(withFlash(next, 'info', 'no longer following'));
};

const tab = (state: State): Step => (state.view.inDetail ? closeDetail(state) : openDetail(state));

const scroll = (state: State, by: 1 | -1): Step => {
  const most = Math.max(0, resourceOf(state).columns.length - 2);
  const scrolled = Math.max(0, Math.min(most, state.view.scrolled + by));
  return stay(scrolled === state.view.scrolled ? state : withView(state, { scrolled }));
};

const copy = (state: State, link: boolean): Step => {
  const row = rowAtCursor(state.view);
  if (!row) return stay(state);
  const resource = resourceOf(state);
  const name = resource.nameOf(row);
  const environment = state.session?.environment.name ?? '';
  const text = link ? `bursar://${encodeURIComponent(environment)}/${resource.id}/${row.id}` : name;
  return step(state, { kind: 'copy', text, what: link ? `the link to ${name}` : name });
};

/** Keys while a list or a detail has the focus: those that lead elsewhere. */
const leading = (state: State, intent: Intent, at: number): Step => {
  switch (intent.name) {
    case 'opened':
      return state.view.inDetail ? stay(state) : openRecord(state);
    case 'detail-opened':
      return openDetail(state);
    case 'tabbed':
    case 'back-tabbed':
      return tab(state);
    case 'command-opened':
      return openCommand(state);
    case 'filter-opened':
      return openFilter(state);
    case 'export-opened':
      return openCommand(state, 'export ');
    case 'went-back':
      return goBack(state);
    case 'went-forward':
      return goForward(state);
    case 'went-last':
      return goLast(state);
    case 'jumped':
      return jump(state, intent.key);
    case 'pane-chosen':
      return openPane(state, intent.index);
    case 'actions-opened':
      return openActions(state);
    case 'undone':
      return undoLast(state, at);
    case 'window-opened':
      return openWindow(state);
    case 'inbox-opened':
      return openInbox(state);
    case 'note-opened':
      return openNote(state);
    case 'incident-opened':
      return openIncident(state);
    case 'logs-asked':
      return openLogs(state);
    case 'helped':
      return openHelp(state);
    default:
      return stay(state);
  }
};

/** Keys while a list or a detail has the focus. */
export const browsePressed = (state: State, intent: Intent, at: number): Step => {
  switch (intent.name) {
    case 'moved':
      return moved(state, intent.by);
    case 'record-chosen':
      return moveCursor(state, intent.by);
    case 'escaped':
      return escape(state);
    case 'quit-asked':
      return quit(state);
    case 'interrupted':
      return interrupt(state);
    case 'marked':
      return toggleMark(state);
    case 'range-marked':
      return markRange(state);
    case 'all-marked':
      return markAll(state);
    case 'sort-opened':
      return openSort(state);
    case 'sort-reversed':
      return sortBy(state, state.view.sort.field, !state.view.sort.descending);
    case 'columns-opened':
      return stay(withMode(state, { kind: 'columns', chosen: 0 }));
    case 'widened':
      return stay(withView(state, { wide: !state.view.wide }));
    case 'scrolled':
      return scroll(state, intent.by);
    case 'paused':
      return pause(state);
    case 'refreshed':
      return reread(state);
    case 'followed':
      return follow(state);
    case 'copied':
      return copy(state, false);
    case 'link-copied':
      return copy(state, true);
    default:
      return leading(state, intent, at);
  }
};
