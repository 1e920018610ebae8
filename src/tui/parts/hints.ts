import { columnsOf } from '../../domain/safe-text.ts';
import { rowsFor } from '../keys.ts';
import { contextOf } from '../state/context.ts';
import { isCovered } from '../state/mode.ts';
import type { State } from '../state/types.ts';
import { paint } from '../theme.ts';

const gap = '  ';
/** Always the last hint, and never left out: from there all the others are found. */
const helpKey = '? help';

const painted = (hint: string): string => {
  const [key = '', ...words] = hint.split(' ');
  return `${paint(key, 'title')} ${words.join(' ')}`;
};

/** What the keys do here, as many as fit, from the one key table. */
export const hintLine = (state: State, width: number): string => {
  if (!state.session && !isCovered(state)) return painted('^C leaves');
  const offered = rowsFor(contextOf(state)).filter(row => row.hint !== undefined && (row.when?.(state) ?? true));
  const hints = [...new Set(offered.map(row => row.hint ?? ''))];
  const last = hints.includes(helpKey) ? [helpKey] : [];
  const kept: string[] = [];
  let used = last.reduce((sum, hint) => sum + columnsOf(hint), 0);
  for (const hint of hints.filter(each => each !== helpKey)) {
    const needed = columnsOf(hint) + gap.length;
    if (used + needed > width) continue;
    used += needed;
    kept.push(hint);
  }
  return [...kept, ...last].map(painted).join(gap);
};
