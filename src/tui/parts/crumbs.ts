import { columnsOf, safe } from '../../domain/safe-text.ts';
import { indexOfCursor, resourceOf, rowAtCursor } from '../state/step.ts';
import type { State, View } from '../state/types.ts';
import { bothEnds, paint, unpainted, within } from '../theme.ts';

/** At least so many as the cursor stands at: rows may be read before they are counted again. */
const counted = ({ count }: View, place: number): string => {
  if (!count) return '';
  const value = Math.max(count.value, place);
  const number = value >= 1_000_000 ? `${(value / 1_000_000).toFixed(1)}M` : value.toLocaleString('en');
  return `${count.exact ? '' : '~'}${number}`;
};

/** The cursor's place among all, where it is known: nobody counts the rows before a page of five million. */
const standing = (view: View): string => {
  const index = indexOfCursor(view);
  const total = counted(view, index + 1);
  const place = total === '' || index < 0 || view.window.moreBefore ? total : `${(index + 1).toLocaleString('en')} of ${total}`;
  return [view.count?.words, place].filter(Boolean).join('  ');
};

const trailOf = (state: State): string => {
  const { view } = state;
  const resource = resourceOf(state);
  const row = view.inDetail ? rowAtCursor(view) : undefined;
  const base = view.base === resource.start ? '' : view.base;
  const parts = [resource.title, base, view.filter && `/${view.filter}`, row && resource.nameOf(row)];
  const [pane = '', ...others] = parts.filter(part => part !== undefined && part !== '').map(part => safe(part, { max: 200 }));
  return [paint(pane, 'title'), ...others].join(' > ');
};

/** Where one is: pane, filter, record; how much there is of it, and in which order. */
export const crumbsLine = (state: State, width: number): string => {
  const { view } = state;
  const trail = trailOf(state);
  const sort = `sort:${view.sort.field}${view.sort.descending ? '-' : '+'}`;
  const right = [standing(view), sort].filter(Boolean).join('  ');
  const fits = columnsOf(unpainted(trail)) + columnsOf(right) + 2 <= width;
  return fits ? bothEnds(trail, right, width) : bothEnds(within(trail, width), standing(view), width);
};
