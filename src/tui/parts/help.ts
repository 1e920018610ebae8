import { fit } from '../../domain/safe-text.ts';
import { rowsFor, type KeyRow } from '../keys.ts';
import { contextOf, type Context } from '../state/context.ts';
import type { Mode, State } from '../state/types.ts';
import { paint, padded, within } from '../theme.ts';
import { shownKey } from './key-names.ts';
import { rule } from './rule.ts';

const contextTitles: Readonly<Record<Context, string>> = {
  list: 'a list',
  detail: 'a record',
  filter: 'the filter line',
  command: 'the command line',
  actions: 'the actions',
  field: 'a field',
  choice: 'a choice',
  buttons: 'the buttons of a form',
  confirm: 'a confirmation',
  words: 'the words of a confirmation',
  bulk: 'a bulk action',
  sort: 'the order',
  columns: 'the columns',
  saved: 'saved filters',
  help: 'the help',
  quit: 'the last question',
};

const keysWidth = 16;
const narrowest = 58;

const helpRow = (row: KeyRow, width: number): string =>
  within(`  ${paint(fit(row.keys.map(shownKey).join(' '), keysWidth), 'title')} ${row.long}`, width);

/** The keys of whatever had the focus, in as many columns as there is room for. */
export const helpLines = (state: State, mode: Extract<Mode, { kind: 'help' }>, width: number, height: number): readonly string[] => {
  const context = contextOf({ ...state, mode: mode.under });
  const count = Math.max(1, Math.floor(width / narrowest));
  const each = Math.floor(width / count);
  const rows = rowsFor(context).map(row => helpRow(row, each - 1));
  const tall = Math.ceil(rows.length / count);
  const lines = Array.from({ length: tall }, (_, line) =>
    Array.from({ length: count }, (_column, column) => padded(rows[column * tall + line] ?? '', column === count - 1 ? each - 1 : each)).join('').trimEnd(),
  );
  const room = height - 1;
  const from = Math.max(0, Math.min(mode.scroll, lines.length - room));
  const shown = lines.slice(from, from + room);
  const hidden = lines.length - from - shown.length;
  const more = paint(`  ${hidden + 1} more lines, j scrolls`, 'dim');
  const title = rule(`Keys in ${contextTitles[context]}   t: a two-minute tour   Esc: close`, width);
  return [title, ...(hidden > 0 ? [...shown.slice(0, -1), more] : shown), ...Array.from({ length: Math.max(0, room - shown.length) }, () => '')];
};
