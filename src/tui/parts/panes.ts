import { layoutOf } from '../state/layout.ts';
import { resourceOf } from '../state/step.ts';
import type { State } from '../state/types.ts';
import { padded, paint } from '../theme.ts';
import { detailLines, type Place } from './detail.ts';
import { emptyLines } from './empty.ts';
import { listLines } from './list.ts';
import { navigationLines } from './navigation.ts';

type Part = { readonly lines: readonly string[]; readonly width: number };

const separator = paint(' | ', 'dim');
const separatorWidth = 3;

/** Sets parts side by side, with a bar between them. */
const beside = (parts: readonly Part[], height: number): readonly string[] =>
  Array.from({ length: height }, (_, index) =>
    parts
      .map(({ lines, width }, part) => (part === parts.length - 1 ? (lines[index] ?? '') : padded(lines[index] ?? '', width)))
      .join(separator),
  );

const listPart = (state: State, width: number, height: number): readonly string[] =>
  state.view.window.rows.length > 0 ? listLines(resourceOf(state), state.view, width, height) : emptyLines(state, width);

const navigationWidth = 20;
const widestDetail = 70;

/** How the columns are shared out between panes, list and detail. */
const widths = (state: State, width: number) => {
  const { preview, navigation } = layoutOf(state.size);
  const left = navigation ? navigationWidth + separatorWidth : 0;
  const right = preview ? Math.min(widestDetail, Math.floor((width - left) * 0.42)) : 0;
  return { left, right, middle: width - left - right - separatorWidth };
};

/** Where the detail stands: beside the list, or in its place. */
export const detailPlace = (state: State, width: number, height: number): Place => {
  const { right } = widths(state, width);
  return right > 0 ? { width: right, height, beside: true } : { width, height, beside: false };
};

/** The middle of the screen: the list, its detail where there is room or it was opened, and the panes on a wide one. */
export const bodyLines = (state: State, width: number, height: number): readonly string[] => {
  if (height <= 0) return [];
  const { view } = state;
  const { left, right, middle } = widths(state, width);
  const detail = detailLines(state, detailPlace(state, width, height));
  if (right === 0) return view.inDetail && view.detail ? detail : listPart(state, width, height);
  return beside(
    [
      ...(left > 0 ? [{ lines: navigationLines(state, navigationWidth, height), width: navigationWidth }] : []),
      { lines: listPart(state, middle, height), width: middle },
      { lines: detail, width: right },
    ],
    height,
  );
};
