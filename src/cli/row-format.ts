import { safe } from '../domain/safe-text.ts';
import type { AnyResource, Column } from '../kit/define-resource.ts';
import { csvRow, csvTitles, rowToJson, toJson } from '../kit/export.ts';
import type { Row } from './find-record.ts';
import { tableLine, totalOf, widthsFor, type TextColumn } from './table.ts';

/** How rows are written: what stands before, between and after them. */
export type Format = {
  readonly before: string;
  row(row: Row, index: number): string;
  begin?(rows: readonly Row[]): void;
  after(next: string | undefined): string;
};

export const asJson = (resource: AnyResource): Format => ({
  before: `{"resource":"${resource.id}","rows":[`,
  row: (row, index) => `${index === 0 ? '' : ','}\n${rowToJson(row)}`,
  after: next => `\n],"next":${toJson(next ?? null)}}\n`,
});

export const asCsv = (resource: AnyResource): Format => ({
  before: csvTitles(resource),
  row: row => csvRow(resource, row),
  after: () => '',
});

type Layout = { readonly columns: readonly Column<Row>[]; readonly shapes: readonly TextColumn[]; readonly widths: readonly number[] };

const shapeOf = ({ title, align = 'left', width }: Column<Row>): TextColumn => ({ title, align, fills: width === 'fill' });

/** What a terminal has no room for is left out, the least important first; a pipe has room for everything. */
const layOut = (columns: readonly Column<Row>[], rows: readonly Row[], available: number): Layout => {
  const shapes = columns.map(shapeOf);
  const cells = rows.map(row => columns.map(column => safe(column.cell(row))));
  const widths = widthsFor(shapes, cells, available);
  const spare = columns.findLast(column => (column.priority ?? 1) > 1);
  if (!spare || totalOf(widths) <= available) return { columns, shapes, widths };
  return layOut(
    columns.filter(column => column !== spare),
    rows,
    available,
  );
};

/** A table, laid out by its first page. */
export const asTable = (resource: AnyResource, available: number | undefined): Format => {
  const offered = resource.columns.filter(column => available === undefined || (column.priority ?? 1) <= 2);
  let layout: Layout = { columns: [], shapes: [], widths: [] };
  const line = (cells: readonly string[]) => `${tableLine(cells, layout.shapes, layout.widths, available !== undefined)}\n`;
  return {
    before: '',
    begin: rows => (layout = layOut(offered, rows, available ?? Infinity)),
    row: (row, index) =>
      (index === 0 ? line(layout.shapes.map(({ title }) => title)) : '') + line(layout.columns.map(column => safe(column.cell(row)))),
    after: () => '',
  };
};
