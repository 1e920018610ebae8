import { columnsOf, fit, safe } from '../domain/safe-text.ts';
import type { SmallTable } from '../kit/define-resource.ts';

export type TextColumn = { readonly title: string; readonly align?: 'left' | 'right'; readonly fills?: boolean };

const gap = '  ';
/** A column that gives way on a narrow terminal keeps this much. */
const narrowest = 8;

/** The columns of a terminal that a table takes. */
export const totalOf = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width + gap.length, -gap.length);

/** How wide each column must be for these rows; what a terminal lacks is taken from those that fill. */
export const widthsFor = (
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  available = Infinity,
): readonly number[] => {
  const natural = columns.map((column, index) => Math.max(columnsOf(column.title), ...rows.map(row => columnsOf(row[index] ?? ''))));
  let missing = totalOf(natural) - available;
  return natural.map((width, index) => {
    if (missing <= 0 || !columns[index]?.fills) return width;
    const given = Math.min(missing, Math.max(0, width - narrowest));
    missing -= given;
    return width - given;
  });
};

/** One line; a cell wider than its column is cut only where there is a terminal to overflow. */
export const tableLine = (cells: readonly string[], columns: readonly TextColumn[], widths: readonly number[], cut: boolean): string =>
  cells
    .map((cell, index) => {
      const width = widths[index] ?? 0;
      return columnsOf(cell) > width && !cut ? cell : fit(cell, width, columns[index]?.align ?? 'left');
    })
    .join(gap)
    .trimEnd();

/** A small table as lines, cells made harmless. */
export const smallTable = ({ columns, rows, figures = [] }: SmallTable): readonly string[] => {
  const shapes = columns.map((title, at): TextColumn => ({ title, align: figures.includes(at) ? 'right' : 'left' }));
  const cells = rows.map(row => row.map(cell => safe(cell)));
  const widths = widthsFor(shapes, cells);
  return [columns, ...cells].map(row => tableLine(row, shapes, widths, false));
};
