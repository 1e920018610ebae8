import { bannerLine } from './parts/banner.ts';
import { bulkScroll } from './parts/bulk.ts';
import { confirmHeight, confirmScroll } from './parts/confirm-lines.ts';
import { coverLines } from './parts/cover.ts';
import { crumbsLine } from './parts/crumbs.ts';
import { detailScroll } from './parts/detail.ts';
import { flashLine } from './parts/flash.ts';
import { formHeight } from './parts/form-lines.ts';
import { helpScroll } from './parts/help.ts';
import { hintLine } from './parts/hints.ts';
import { logsCrumbs, logsLines, logsScroll, logsStatus } from './parts/logs.ts';
import { panelLines } from './parts/panels.ts';
import { bodyLines, detailPlace } from './parts/panes.ts';
import { startingLines } from './parts/starting.ts';
import { statusLine } from './parts/status.ts';
import { stripLines } from './parts/strip.ts';
import { isTooSmall, tooSmallLines } from './parts/too-small.ts';
import { layoutOf } from './state/layout.ts';
import { coverOf, findMode, isCovered } from './state/mode.ts';
import type { Mode, State } from './state/types.ts';

/** A part of the screen: its first line and how many. */
export type Span = { readonly from: number; readonly height: number };

/** Lines of the list that stay above a dialog: its header and the record it is about. */
const keptAbove = 2;
const top = 2;

const exactly = (lines: readonly string[], height: number): readonly string[] =>
  Array.from({ length: Math.max(0, height) }, (_, index) => lines[index] ?? '');

const isLine = ({ mode }: State): boolean =>
  mode.kind === 'filter' || mode.kind === 'command' || (mode.kind === 'logs' && mode.logs.typing !== undefined);

/** Logs that are followed stand in the place of lists, also under what lies over them. */
const logsIn = ({ mode }: State) => findMode(mode, 'logs')?.logs;

/** The lines between crumbs and status: lists, details and the strip, or what covers their lower part. */
const middle = (state: State): Span => {
  const { status, flash, hints } = layoutOf(state.size);
  return { from: top, height: Math.max(0, state.size.rows - top - status - flash - hints) };
};

/** Lines that a dialog would like to have; 0 where there is none. */
const wanted = (state: State, area: number): number => {
  const { mode, size } = state;
  if (mode.kind === 'form') return formHeight(mode.form);
  if (mode.kind === 'window' || mode.kind === 'code' || mode.kind === 'logs-form') return formHeight(mode.sheet);
  if (mode.kind === 'confirm') return confirmHeight(state, mode.confirm, size.columns);
  return panelLines(state, size.columns, area - keptAbove)?.length ?? 0;
};

/** Where a dialog stands: the lower part of the middle, all of it on a small screen. */
const dialogSpan = (state: State): Span => {
  const { from, height: area } = middle(state);
  const height = Math.min(wanted(state, area), area >= 7 ? area - keptAbove : area);
  return { from: from + area - height, height };
};

/** A cover leaves the banner, one blank line, and the hints. */
const coverTop = 2;
const coverHeight = ({ size }: State): number => Math.max(1, size.rows - coverTop - layoutOf(size).hints);

/** Dialogs that hold fields alone: Ink draws all of them. */
const isDrawnByInk = (mode: Mode): boolean =>
  mode.kind === 'form' || mode.kind === 'window' || mode.kind === 'code' || mode.kind === 'logs-form';

/** Where Ink draws, because something is typed or chosen there. Undefined while nothing is. */
export const livePart = (state: State): Span | undefined => {
  const { mode } = state;
  if (isTooSmall(state.size)) return undefined;
  const cover = coverOf(mode);
  if (cover) {
    const field = mode === cover ? coverLines(state, cover, state.size.columns, coverHeight(state)).field : undefined;
    return field && { from: coverTop + field.from, height: field.height };
  }
  if (!state.session) return undefined;
  const { from, height } = middle(state);
  if (isLine(state)) return { from: from + height, height: 1 };
  if (isDrawnByInk(mode)) return dialogSpan(state);
  if (mode.kind !== 'confirm' || mode.confirm.words === '') return undefined;
  const span = dialogSpan(state);
  return { from: span.from + Math.max(0, span.height - 2), height: 1 };
};

/** How many lines of the middle list and detail have: what covers its lower part is taken off. */
const bodyHeight = (state: State): number => middle(state).height - Math.max(dialogSpan(state).height, layoutOf(state.size).strip);

const middleLines = (state: State): readonly string[] => {
  const { columns } = state.size;
  const { height: area } = middle(state);
  const { height: dialog } = dialogSpan(state);
  const logs = logsIn(state);
  const height = logs ? area - dialog : bodyHeight(state);
  const body = exactly(logs ? logsLines(state, logs, columns, height) : bodyLines(state, columns, height), height);
  if (dialog === 0) return [...body, ...exactly(stripLines(state, columns, area - height), area - height)];
  const lines = isDrawnByInk(state.mode) ? [] : (panelLines(state, columns, dialog) ?? []);
  return [...body, ...exactly([], area - height - dialog), ...exactly(lines, dialog)];
};

const settledMode = (state: State): Mode => {
  const { mode, size } = state;
  const { height } = dialogSpan(state);
  switch (mode.kind) {
    case 'help': {
      const scroll = mode.tour === undefined ? helpScroll(state, mode, size.columns, height) : 0;
      return scroll === mode.scroll ? mode : { ...mode, scroll };
    }
    case 'confirm': {
      const scroll = confirmScroll(state, mode.confirm, size.columns, height);
      return scroll === mode.confirm.scroll ? mode : { ...mode, confirm: { ...mode.confirm, scroll } };
    }
    case 'bulk': {
      const scroll = bulkScroll(state, mode.bulk, size.columns, height);
      return scroll === mode.bulk.scroll ? mode : { ...mode, bulk: { ...mode.bulk, scroll } };
    }
    case 'logs': {
      const { logs } = mode;
      const scroll = logs.whole ? logsScroll(state, logs, logs.whole.scroll, size.columns, middle(state).height) : 0;
      return !logs.whole || scroll === logs.whole.scroll ? mode : { ...mode, logs: { ...logs, whole: { ...logs.whole, scroll } } };
    }
    default:
      return mode;
  }
};

/** The state with nothing scrolled beyond its end, which only the drawn text knows: a key back then moves at once. */
export const withinEnds = (state: State): State => {
  if (isTooSmall(state.size) || !state.session || isCovered(state)) return state;
  const mode = settledMode(state);
  const { detail } = state.view;
  const scroll = detail?.scroll ? detailScroll(state, detailPlace(state, state.size.columns, bodyHeight(state))) : 0;
  if (mode === state.mode && (!detail || scroll === detail.scroll)) return state;
  return { ...state, mode, view: detail ? { ...state.view, detail: { ...detail, scroll } } : state.view };
};

/** The whole screen as lines of text and our own colours; those of the live part are empty. Not to be called while React renders. */
export const frameOf = (state: State): readonly string[] => {
  if (isTooSmall(state.size)) return tooSmallLines(state.size);
  const { columns } = state.size;
  const { status, flash, hints } = layoutOf(state.size);
  const { height } = middle(state);
  const cover = coverOf(state.mode);
  if (cover) {
    const area = coverHeight(state);
    const { lines } = coverLines(state, cover, columns, area);
    return [bannerLine(state, columns), '', ...exactly(lines, area), ...exactly([hintLine(state, columns)], hints)];
  }
  const logs = logsIn(state);
  const end = [
    ...exactly([isLine(state) ? '' : logs ? logsStatus(logs, columns) : statusLine(state, columns)], status),
    ...exactly([flashLine(state, columns)], flash),
    ...exactly([hintLine(state, columns)], hints),
  ];
  if (!state.session) return [bannerLine(state, columns), ...startingLines(state.starting, columns, height + 1), ...end];
  return [bannerLine(state, columns), logs ? logsCrumbs(logs, columns) : crumbsLine(state, columns), ...middleLines(state), ...end];
};
