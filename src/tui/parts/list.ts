import type { Keyed, Sort } from '../../domain/page.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import type { View } from '../state/types.ts';
import { cell, paint, unpainted } from '../theme.ts';
import { columnGap, layoutColumns, type PlacedColumn } from './column-layout.ts';

type DrawnRow = { readonly key: string; readonly text: string };

/** Drawn rows by record: moving the cursor draws no row again. */
const drawn = new WeakMap<Keyed, DrawnRow>();

const drawRow = (row: Keyed, columns: readonly PlacedColumn[], key: string): string => {
  const known = drawn.get(row);
  if (known?.key === key) return known.text;
  const text = columns.map(({ column, width }) => cell(column.cell(row), width, column.tone?.(row), column.align)).join(columnGap);
  drawn.set(row, { key, text });
  return text;
};

const sortSign = (field: string | undefined, sort: Sort): string =>
  field === undefined || field !== sort.field ? '' : sort.descending ? '-' : '+';

const header = (columns: readonly PlacedColumn[], sort: Sort): string =>
  columns
    .map(({ column, width }) => cell(`${column.title.toUpperCase()}${sortSign(column.sort, sort)}`, width, 'dim', column.align))
    .join(columnGap);

/** A dialog may cover the lower part of a list; the record it is about stays in sight. */
const visibleTop = (view: View, rows: number): number => {
  const cursor = view.window.rows.findIndex(row => row.id === view.cursor);
  return cursor < view.top + rows ? view.top : cursor - rows + 1;
};

/** The visible part of a list: a header and `height - 1` rows, each `width` columns wide. `>` is the cursor, `*` a mark. */
export const listLines = (resource: AnyResource, view: View, width: number, height: number): readonly string[] => {
  const columns = layoutColumns(resource, width - 2, view);
  const key = `${resource.id} ${columns.map(placed => `${placed.column.title}${placed.width}`).join(' ')}`;
  const top = visibleTop(view, height - 1);
  const rows = view.window.rows.slice(top, top + Math.max(0, height - 1));
  const lines = rows.map(row => {
    const mark = view.marks.has(String(row.id)) ? '*' : ' ';
    const text = drawRow(row, columns, key);
    return row.id === view.cursor ? paint(`>${mark}${unpainted(text)}`, 'cursor') : ` ${mark}${text}`;
  });
  return height < 2 ? lines : [`  ${header(columns, view.sort)}`, ...lines];
};
