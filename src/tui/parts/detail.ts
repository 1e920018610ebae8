import { markLookAlike } from '../../domain/look-alike.ts';
import { drawMoneyFlow } from '../../domain/money-flow.ts';
import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { DetailLine, DetailSection } from '../../kit/define-resource.ts';
import { resourceOf } from '../state/step.ts';
import type { Detail, State } from '../state/types.ts';
import { cell, paint } from '../theme.ts';
import { scrolledTo, type Scrolled } from './scroll.ts';
import { tableLines } from './small-table.tsx';
import { paragraph, wrap } from './wrap.ts';

const widestLabel = 14;
const longestValue = 20_000;

const labelled = ([label, value, tone]: DetailLine, labels: number, width: number): readonly string[] => {
  const room = Math.max(8, width - labels - 1);
  return wrap(markLookAlike(safe(value, { max: longestValue })), room).map(
    (part, index) => `${cell(index === 0 ? label : '', labels, 'dim')} ${paint(part, tone ?? 'plain')}`,
  );
};

const sectionLines = (section: DetailSection, width: number): readonly string[] => {
  const labels = Math.min(widestLabel, Math.max(0, ...(section.lines ?? []).map(([label]) => columnsOf(label))));
  return [
    paint(fit(safe(section.title), width), 'title'),
    ...(section.lines ?? []).flatMap(line => labelled(line, labels, width)),
    ...(section.table ? tableLines(section.table, width) : []),
    ...(section.flow ? drawMoneyFlow(section.flow, { width }) : []),
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

const nameOf = (state: State, id: bigint): string => {
  const { window, left } = state.view;
  const row = left?.id === id ? left : window.rows.find(candidate => candidate.id === id);
  return row ? resourceOf(state).nameOf(row) : 'a record that left the list';
};

/** Whose detail this is: a record's detail may still be on screen while the next one's is read. */
const heading = (state: State, detail: Detail, width: number): string => {
  const mark = state.view.inDetail ? '>' : ' ';
  if (detail.id === state.view.left?.id)
    return paint(
      fit(`${mark} ${safe(nameOf(state, detail.id), { max: 60 })} is no longer in this list; Esc goes back to it`, width),
      'warn',
    );
  if (detail.id === state.view.cursor) return paint(fit(`${mark} ${safe(nameOf(state, detail.id), { max: 100 })}`, width), 'title');
  return paint(fit(`${mark} still ${safe(nameOf(state, detail.id), { max: 60 })}, reading the next`, width), 'dim');
};

export type Place = {
  readonly width: number;
  readonly height: number;
  /** Beside a list it says whose it is; alone the crumbs do. */
  readonly beside: boolean;
};

const titleOf = (state: State, detail: Detail, { width, beside }: Place): readonly string[] =>
  beside || detail.id !== state.view.cursor || detail.id === state.view.left?.id ? [heading(state, detail, width)] : [];

const partOf = (state: State, detail: Detail, sections: readonly DetailSection[], place: Place): Scrolled => {
  const title = titleOf(state, detail, place);
  const lines = detailText(sections, place.width - 2);
  // A section that is called like its record need not say so twice
  const isSaid = title.length > 0 && sections[0]?.title === nameOf(state, detail.id);
  return scrolledTo(isSaid ? lines.slice(1) : lines, detail.scroll, place.height - title.length);
};

/** How far the detail is really scrolled: not beyond its end. */
export const detailScroll = (state: State, place: Place): number => {
  const { detail } = state.view;
  return detail?.sections ? partOf(state, detail, detail.sections, place).from : 0;
};

/** The detail of the record under the cursor. */
export const detailLines = (state: State, place: Place): readonly string[] => {
  const { detail, inDetail } = state.view;
  const { width } = place;
  if (!detail) return [];
  const title = titleOf(state, detail, place);
  if (detail.error !== undefined) {
    return [
      ...title,
      ...paragraph(safe(detail.error, { max: 600 }), width, 'bad'),
      ...paragraph('Nothing was changed. r reads again.', width, 'dim'),
    ];
  }
  if (!detail.sections) return [...title, ...paragraph('reading ...', width, 'dim')];
  const { shown, below } = partOf(state, detail, detail.sections, place);
  const lines = shown.map(line => `  ${line}`);
  if (below === 0 || lines.length < 3) return [...title, ...lines];
  return [...title, ...lines.slice(0, -1), paint(`  ${below + 1} more lines, ${inDetail ? 'j' : 'Tab then j'} scrolls`, 'dim')];
};
