import { safe } from '../domain/safe-text.ts';
import type { AnyResource, Column } from '../kit/define-resource.ts';
import { csvRow, csvTitles, exportedRow, toJson } from '../kit/export.ts';
import type { Row } from './find-record.ts';
import { tableLine, widthsFor, type TextColumn } from './table.ts';

/** How rows are written: what stands before, between and after them. */
export type Format = {
  readonly before: string;
  row(row: Row, index: number): string;
  page?(rows: readonly Row[]): void;
  after(next: string | undefined): string;
};

export const asJson = (resource: AnyResource): Format => ({
  before: `{"resource":"${resource.id}","rows":[`,
  row: (row, index) => `${index === 0 ? '' : ','}\n${toJson(exportedRow(row))}`,
  after: next => `\n],"next":${toJson(next ?? null)}}\n`,
});

export const asCsv = (resource: AnyResource): Format => ({
  before: csvTitles(resource),
  row: row => csvRow(resource, row),
  after: () => '',
});

const shape = (column: Column<Row>): TextColumn => ({ title: column.title, align: column.align ?? 'left', fills: column.width === 'fill' });

/** A terminal shows what fits the purpose; a pipe gets every column, uncut. */
export const asTable = (resource: AnyResource, columns: number | undefined): Format => {
  const shown = resource.columns.filter(column => columns === undefined || (column.priority ?? 1) <= 2);
  const shapes = shown.map(shape);
  const cellsOf = (row: Row) => shown.map(column => safe(column.cell(row)));
  const line = (cells: readonly string[], widths: readonly number[]) => `${tableLine(cells, shapes, widths, columns !== undefined)}\n`;
  let widths: readonly number[] | undefined;
  return {
    before: '',
    page: rows => void (widths ??= widthsFor(shapes, rows.map(cellsOf), columns)),
    row: (row, index) =>
      (index === 0
        ? line(
            shapes.map(({ title }) => title),
            widths ?? [],
          )
        : '') + line(cellsOf(row), widths ?? []),
    after: () => '',
  };
};
