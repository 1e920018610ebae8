import type { State } from './state/types.ts';
import { layoutOf } from './state/layout.ts';
import { bannerLine } from './parts/banner.ts';
import { crumbsLine } from './parts/crumbs.ts';
import { flashLine } from './parts/flash.ts';
import { hintLine } from './parts/hints.ts';
import { bodyLines } from './parts/panes.ts';
import { panelOf } from './parts/panels.ts';
import { startingLines } from './parts/starting.ts';
import { statusLine } from './parts/status.ts';
import { stripLines } from './parts/strip.ts';
import { confirmHeight } from './parts/confirm-lines.ts';
import { formHeight } from './parts/form-lines.ts';

/** A part of the screen that Ink draws, because something is typed or chosen there: its first line and how many. */
export type LivePart = { readonly from: number; readonly height: number };

/** Lines of the list that stay above a dialog: its header and the record it is about. */
const keptAbove = 2;

const below = (state: State): number => {
  const { status, flash, hints } = layoutOf(state.size);
  return status + flash + hints;
};

/** How the lines between crumbs and status are shared out between the list and what covers its lower part. */
const lowerPart = (state: State, wanted: number): LivePart => {
  const { rows } = state.size;
  const area = Math.max(0, rows - 2 - below(state));
  const height = Math.min(wanted, area >= 7 ? area - keptAbove : area);
  return { from: 2 + area - height, height };
};

/** Where Ink draws. Undefined while nothing is typed or chosen. */
export const livePart = (state: State): LivePart | undefined => {
  const { mode, size } = state;
  switch (mode.kind) {
    case 'filter':
    case 'command':
      return { from: size.rows - below(state), height: 1 };
    case 'form':
      return lowerPart(state, formHeight(mode.form));
    case 'confirm':
      return lowerPart(state, confirmHeight(mode.confirm, size.columns));
    default:
      return undefined;
  }
};

const exactly = (lines: readonly string[], height: number): readonly string[] =>
  Array.from({ length: height }, (_, index) => lines[index] ?? '');

/** The list and what stands beside it, the strip below, or whatever covers them. */
const middle = (state: State): readonly string[] => {
  const { columns, rows } = state.size;
  const { strip } = layoutOf(state.size);
  const area = Math.max(0, rows - 2 - below(state));
  const panel = panelOf(state, columns, area);
  const live = livePart(state);
  const isField = state.mode.kind === 'filter' || state.mode.kind === 'command';
  const wanted = panel ? lowerPart(state, panel.length).height : live && !isField ? live.height : 0;
  const over = Math.max(wanted, strip);
  const body = exactly(bodyLines(state, columns, area - over), area - over);
  if (panel) return [...body, ...exactly(panel, over)];
  return wanted > 0 ? [...body, ...exactly([], over)] : [...body, ...stripLines(state, columns, strip)];
};

/** The whole screen as lines of text and our own colours; those of the live part are empty. Pure. */
export const frameOf = (state: State): readonly string[] => {
  const { columns, rows } = state.size;
  if (columns < 20 || rows < 5) return exactly(['Bursar needs', '20 x 5, better', '80 x 24'].map(line => line.slice(0, columns)), rows);
  const { status, flash, hints } = layoutOf(state.size);
  const isField = state.mode.kind === 'filter' || state.mode.kind === 'command';
  const end = [
    ...exactly([isField ? '' : statusLine(state, columns)], status),
    ...exactly([flashLine(state, columns)], flash),
    ...exactly([hintLine(state, columns)], hints),
  ];
  if (!state.session) return [bannerLine(state, columns), ...startingLines(state, columns, rows - 1 - end.length), ...end];
  return [bannerLine(state, columns), crumbsLine(state, columns), ...middle(state), ...end];
};
