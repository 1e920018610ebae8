import { layoutOf } from '../state/layout.ts';
import { resourceOf } from '../state/step.ts';
import type { State } from '../state/types.ts';
import { padded, paint } from '../theme.ts';
import { previewLines } from './detail.ts';
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
const widestDetail = 84;

/** How many columns the detail beside the list has. */
const detailWidth = (width: number): number => Math.min(widestDetail, Math.floor(width * 0.42));

/** The middle of the screen: the list, its detail where there is room or it was opened, and the panes on a wide one. */
export const bodyLines = (state: State, width: number, height: number): readonly string[] => {
  if (height <= 0) return [];
  const { view } = state;
  const { preview, navigation } = layoutOf(state.size);
  if (!preview) return view.inDetail && view.detail ? previewLines(state, width, height, false) : listPart(state, width, height);
  const left = navigation ? navigationWidth + separatorWidth : 0;
  const right = detailWidth(width - left);
  const middle = width - left - right - separatorWidth;
  return beside(
    [
      ...(navigation ? [{ lines: navigationLines(state, navigationWidth), width: navigationWidth }] : []),
      { lines: listPart(state, middle, height), width: middle },
      { lines: previewLines(state, right, height, true), width: right },
    ],
    height,
  );
};
