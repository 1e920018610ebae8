import { fit } from '../../domain/safe-text.ts';
import { rowsFor, type KeyRow } from '../keys.ts';
import { contextOf, type Context } from '../state/context.ts';
import type { Mode, State } from '../state/types.ts';
import { paint, padded, within } from '../theme.ts';
import { contextTitles, shownKeys } from './key-names.ts';
import { rule } from './rule.ts';
import { scrolledTo } from './scroll.ts';

const keysWidth = 16;
const narrowest = 58;

const helpRow = (row: KeyRow, width: number): string =>
  within(`  ${paint(fit(shownKeys(row.keys).join(' '), keysWidth), 'title')} ${row.long}`, width);

type Help = Extract<Mode, { kind: 'help' }>;

const keyLines = (context: Context, width: number): readonly string[] => {
  const count = Math.max(1, Math.floor(width / narrowest));
  const each = Math.floor(width / count);
  const rows = rowsFor(context).map(row => helpRow(row, each - 1));
  const tall = Math.ceil(rows.length / count);
  return Array.from({ length: tall }, (_, line) =>
    Array.from({ length: count }, (_column, column) =>
      padded(rows[column * tall + line] ?? '', column === count - 1 ? each - 1 : each),
    ).join(''),
  );
};

const contextUnder = (state: State, { under }: Help): Context => contextOf({ ...state, mode: under });

/** How far the help is really scrolled: not beyond its end. */
export const helpScroll = (state: State, mode: Help, width: number, height: number): number =>
  scrolledTo(keyLines(contextUnder(state, mode), width), mode.scroll, height - 1).from;

/** The keys of whatever had the focus, in as many columns as there is room for. */
export const helpLines = (state: State, mode: Help, width: number, height: number): readonly string[] => {
  const context = contextUnder(state, mode);
  const { shown, below } = scrolledTo(keyLines(context, width), mode.scroll, height - 1);
  const title = rule(`Keys in ${contextTitles[context]}   t: a two-minute tour   Esc: close`, width);
  if (below === 0) return [title, ...shown];
  return [title, ...shown.slice(0, -1), paint(`  ${below + 1} more lines, j scrolls`, 'dim')];
};
