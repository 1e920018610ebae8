import type { State, View } from '../state/types.ts';
import { bothEnds, paint } from '../theme.ts';

const count = (value: number): string => value.toLocaleString('en');

const marked = ({ marks, hidden, rangeFrom }: View): string => {
  const words = marks.size === 0 ? '' : `${count(marks.size)} marked${hidden > 0 ? `, ${count(hidden)} hidden by filter` : ''}`;
  return rangeFrom === undefined ? words : `${words === '' ? '' : `${words}, `}range begun: move, V marks it`;
};

const newer = ({ newer: rows }: View): string => (rows === 0 ? '' : paint(`${rows >= 1_000 ? '1,000+' : rows} new, r shows them`, 'info'));

/** How old what one sees is, when nobody can say whether it still holds. */
const lost = ({ lostSince, view }: State): string =>
  lostSince === undefined
    ? ''
    : paint(
        `as of ${new Date(view.readAt || lostSince).toISOString().slice(11, 19)}Z; it may have changed since. Keys still work.`,
        'warn',
      );

/** Marks and what the filter hides of them, rows that came meanwhile, how old it all is. */
export const statusLine = (state: State, width: number): string =>
  bothEnds([marked(state.view), lost(state)].filter(Boolean).join('  '), newer(state.view), width);
