import type { Step } from './effects.ts';
import type { Event } from './events.ts';
import { moveCursor } from './cursor.ts';
import { openForm } from './form.ts';
import { asking, indexOfCursor, stay, step, withFlash, withView } from './step.ts';
import type { State, View } from './types.ts';

/** Marks the record under the cursor, or takes its mark away, and goes on to the next. */
export const toggleMark = (state: State): Step => {
  const { cursor, marks } = state.view;
  if (cursor === undefined) return stay(state);
  if (state.view.rangeFrom !== undefined) return markRange(state);
  const next = new Set(marks);
  if (!next.delete(String(cursor))) next.add(String(cursor));
  return moveCursor(withView(state, { marks: next }), 1);
};

/** The ids between where a range began and the cursor; undefined where its beginning is no longer held. */
const rangeOf = ({ window, rangeFrom, ...view }: View): readonly string[] | undefined => {
  const from = window.rows.findIndex(row => row.id === rangeFrom);
  const to = indexOfCursor({ ...view, window, rangeFrom });
  if (from < 0 || to < 0) return undefined;
  return window.rows.slice(Math.min(from, to), Math.max(from, to) + 1).map(row => String(row.id));
};

/** Begins a range at the cursor; the second time marks all up to the cursor. */
export const markRange = (state: State): Step => {
  const { view } = state;
  if (view.cursor === undefined) return stay(state);
  if (view.rangeFrom === undefined) {
    return stay(
      withFlash(
        withView(state, { rangeFrom: view.cursor }),
        'info',
        'a range begins here',
        'move, then V or Space marks it, Esc forgets it',
      ),
    );
  }
  const ids = rangeOf(view);
  const ended = withView(state, { rangeFrom: undefined });
  if (!ids)
    return stay(
      withFlash(ended, 'warn', 'the beginning of the range is too far away; nothing was marked', '* marks all that match a filter'),
    );
  return stay(withFlash(withView(ended, { marks: new Set([...view.marks, ...ids]) }), 'info', `${ids.length} marked`));
};

/** Asks for the ids of all that match the filter; they are frozen then, and the action, if one is named, begins with them. */
export const markAll = (state: State, begins?: string): Step => {
  if (!state.session) return stay(state);
  const { state: next, asked } = asking(state, 'marks');
  return step(withFlash(next, 'info', 'marking all that match ...'), {
    kind: 'freeze-ids',
    asked,
    view: next.view,
    ...(begins === undefined ? {} : { begins }),
  });
};

export const idsFrozen = (state: State, { asked, ids, more, begins }: Extract<Event, { kind: 'ids-frozen' }>): Step => {
  if (asked !== state.asked.marks) return stay(state);
  if (begins !== undefined && ids.length === 0) return stay(withFlash(state, 'info', 'there is none left that it could be done to'));
  const marked = withView(state, { marks: new Set([...state.view.marks, ...ids]), rangeFrom: undefined });
  const count = ids.length.toLocaleString('en');
  if (begins !== undefined && !more && state.mode.kind === 'browse') {
    return openForm(marked, { action: begins, ids, label: `${count} records`, typed: ids.length === 1 ? { id: ids[0] ?? '' } : {} });
  }
  return stay(
    more
      ? withFlash(marked, 'warn', `the first ${count} are marked; there are more`, 'narrow the filter to reach the others')
      : withFlash(marked, 'info', `${count} marked, as they are now`, 'Esc takes the marks away'),
  );
};

export const clearMarks = (state: State): State => withView(state, { marks: new Set(), hidden: 0, rangeFrom: undefined });
