import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { DetailLine, DetailSection } from '../../kit/define-resource.ts';
import { resourceOf } from '../state/step.ts';
import type { Detail, State } from '../state/types.ts';
import { cell, paint } from '../theme.ts';
import { tableLines } from './small-table.tsx';
import { paragraph, wrap } from './wrap.ts';

const widestLabel = 14;
const longestValue = 4_000;

const labelled = ([label, value, tone]: DetailLine, labels: number, width: number): readonly string[] => {
  const room = Math.max(8, width - labels - 1);
  return wrap(safe(value, { max: longestValue }), room).map(
    (part, index) => `${cell(index === 0 ? label : '', labels, 'dim')} ${paint(part, tone ?? 'plain')}`,
  );
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
const detailText = (sections: readonly DetailSection[], width: number): readonly string[] => {
  const known = laidOut.get(sections);
  if (known?.width === width) return known.lines;
  const lines = sections.flatMap(section => sectionLines(section, width));
  laidOut.set(sections, { width, lines });
  return lines;
};

/** The visible part of a detail's text, and how much there is beyond it. */
const scrolled = (lines: readonly string[], scroll: number, height: number, inDetail: boolean): readonly string[] => {
  const from = Math.max(0, Math.min(scroll, lines.length - height));
  const shown = lines.slice(from, from + height);
  const below = lines.length - from - height;
  if (below <= 0 || height < 4) return shown;
  return [...shown.slice(0, -1), paint(`  ${below + 1} more lines, ${inDetail ? 'j' : 'Tab then j'} scrolls`, 'dim')];
};

/** Whose detail this is: a record's detail may still be on screen while the next one's is read. */
const heading = (state: State, detail: Detail, width: number): string => {
  const resource = resourceOf(state);
  const nameOf = (id: bigint | undefined): string => {
    const row = state.view.window.rows.find(candidate => candidate.id === id);
    return row ? resource.nameOf(row) : 'a record that left the list';
  };
  const mark = state.view.inDetail ? '>' : ' ';
  if (detail.id === state.view.cursor) return paint(fit(`${mark} ${safe(nameOf(detail.id), { max: 100 })}`, width), 'title');
  return paint(fit(`${mark} still ${safe(nameOf(detail.id), { max: 60 })}, reading the next`, width), 'dim');
};

/** The detail of the record under the cursor; `beside` a list it says whose it is, alone the crumbs do. */
export const previewLines = (state: State, width: number, height: number, beside: boolean): readonly string[] => {
  const { detail, inDetail, cursor } = state.view;
  if (!detail) return [];
  const title = beside || detail.id !== cursor ? [heading(state, detail, width)] : [];
  if (detail.error !== undefined) {
    return [...title, ...paragraph(safe(detail.error, { max: 600 }), width, 'bad'), ...paragraph('Nothing was changed. r reads again.', width, 'dim')];
  }
  if (!detail.sections) return [...title, ...paragraph('reading ...', width, 'dim')];
  const lines = detailText(detail.sections, width - 2).map(line => `  ${line}`);
  return [...title, ...scrolled(lines, detail.scroll, height - title.length, inDetail)];
};
