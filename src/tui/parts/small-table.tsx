import Table from 'ink-table';
import { fit, safe, columnsOf } from '../../domain/safe-text.ts';
import type { SmallTable as Content } from '../../kit/define-resource.ts';

/** ink-table draws a frame of three columns a cell and one more. */
const frame = (columns: number): number => columns * 3 + 1;

/** How wide each column may be: its widest cell, the last one cut to what is left. */
const widthsOf = (content: Content, width: number): readonly number[] => {
  const natural = content.columns.map((title, index) =>
    Math.max(columnsOf(title), ...content.rows.map(row => columnsOf(safe(row[index] ?? '', { max: 200 })))),
  );
  let spare = width - frame(natural.length) - natural.reduce((sum, each) => sum + each, 0);
  return natural
    .toReversed()
    .map(each => {
      const cut = spare < 0 ? Math.min(-spare, Math.max(0, each - 6)) : 0;
      spare += cut;
      return each - cut;
    })
    .toReversed();
};

/** Lines that a small table takes; ink-table rules off every row. */
export const smallTableHeight = (content: Content): number => content.rows.length * 2 + 3;

/** A small table that stands still: evidence, previews, reports. Live lists have their own. */
export const SmallTable = ({ content, width }: { readonly content: Content; readonly width: number }) => {
  const widths = widthsOf(content, width);
  const data = content.rows.map(row =>
    Object.fromEntries(content.columns.map((title, index) => [title, fit(safe(row[index] ?? '', { max: 200 }), widths[index] ?? 0)])),
  );
  return <Table data={data} columns={[...content.columns]} padding={1} />;
};
