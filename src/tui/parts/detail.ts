import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { DetailLine, DetailSection, SmallTable } from '../../kit/define-resource.ts';
import type { Detail } from '../state/types.ts';
import { cell, paint } from '../theme.ts';

const widestLabel = 14;
const longestValue = 4_000;

/** Breaks safe text into lines of a width, at blanks where there are any. */
export const wrap = (text: string, width: number): readonly string[] => {
  if (columnsOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (columnsOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    let rest = word;
    while (columnsOf(rest) > width) {
      const piece = fit(rest, width).replace(/~\s*$/, '');
      if (piece === '') break;
      lines.push(piece);
      rest = rest.slice(piece.length);
    }
    line = rest;
  }
  if (line !== '') lines.push(line);
  return lines;
};

const labelled = ([label, value, tone]: DetailLine, labels: number, width: number): readonly string[] => {
  const room = Math.max(8, width - labels - 1);
  return wrap(safe(value, { max: longestValue }), room).map(
    (part, index) => `${cell(index === 0 ? label : '', labels, 'dim')} ${paint(part, tone ?? 'plain')}`,
  );
};

const tableLines = (table: SmallTable, width: number): readonly string[] => {
  const widths = table.columns.map((title, index) =>
    Math.min(28, Math.max(columnsOf(title), ...table.rows.map(row => columnsOf(safe(row[index] ?? '', { max: 200 }))))),
  );
  const used = widths.slice(0, -1).reduce((sum, each) => sum + each + 1, 0);
  const fitted = [...widths.slice(0, -1), Math.max(4, width - used)];
  const draw = (cells: readonly string[], tone: 'dim' | 'plain') =>
    cells.map((text, index) => cell(text, fitted[index] ?? 4, tone)).join(' ');
  return [draw(table.columns, 'dim'), ...table.rows.map(row => draw(row, 'plain'))];
};

const sectionLines = (section: DetailSection, width: number): readonly string[] => {
  const labels = Math.min(widestLabel, Math.max(0, ...(section.lines ?? []).map(([label]) => columnsOf(label))));
  return [
    paint(fit(safe(section.title), width), 'title'),
    ...(section.lines ?? []).flatMap(line => labelled(line, labels, width)),
    ...(section.table ? tableLines(section.table, width) : []),
    '',
  ];
};

const laidOut = new WeakMap<readonly DetailSection[], { readonly width: number; readonly lines: readonly string[] }>();

/** All lines of a detail, kept for as long as the sections are the same. */
export const detailText = (sections: readonly DetailSection[], width: number): readonly string[] => {
  const known = laidOut.get(sections);
  if (known?.width === width) return known.lines;
  const lines = sections.flatMap(section => sectionLines(section, width));
  laidOut.set(sections, { width, lines });
  return lines;
};

/** The visible part of a detail. */
export const detailLines = (detail: Detail, width: number, height: number): readonly string[] => {
  if (detail.error !== undefined) return wrap(safe(detail.error), width).map(line => paint(line, 'bad'));
  if (!detail.sections) return [paint('reading ...', 'dim')];
  const lines = detailText(detail.sections, width);
  const scroll = Math.max(0, Math.min(detail.scroll, lines.length - height));
  const shown = lines.slice(scroll, scroll + height);
  if (scroll + height >= lines.length || height < 3) return shown;
  return [...shown.slice(0, -1), paint(`... ${lines.length - scroll - height + 1} more lines, Tab then j`, 'dim')];
};
