import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import type { State, View } from '../state/types.ts';
import { paint } from '../theme.ts';

const counted = (view: View): string => {
  if (!view.count) return '';
  const number = view.count.value >= 1_000_000 ? `${(view.count.value / 1_000_000).toFixed(1)}M` : view.count.value.toLocaleString('en');
  return `${view.count.exact ? '' : '~'}${number}`;
};

const standing = (view: View): string => {
  const parts = [
    view.marks.size > 0 && `${view.marks.size} marked`,
    view.newer > 0 && `${view.newer >= 1_000 ? '1,000+' : view.newer} new, r`,
    counted(view),
    `sort:${view.sort.field}${view.sort.descending ? '-' : '+'}`,
  ];
  return parts.filter(Boolean).join('  ');
};

/** Where one is: pane, filter, record; and how much there is of it. */
export const crumbsLine = (state: State, resource: AnyResource, width: number): string => {
  const { view } = state;
  const row = view.inDetail ? view.window.rows.find(candidate => candidate.id === view.cursor) : undefined;
  const trail = [resource.title, view.filter, row && resource.nameOf(row)]
    .filter(Boolean)
    .map(part => safe(part, { max: 200 }))
    .join(' > ');
  const right = standing(view);
  const room = width - columnsOf(right) - 1;
  if (room < 10) return paint(fit(trail, width), 'title');
  return `${paint(fit(trail, room), 'title')} ${right}`;
};
