import type { AnyResource, Column } from '../../kit/define-resource.ts';
import type { Keyed } from '../../domain/page.ts';

export type PlacedColumn = { readonly column: Column<Keyed>; readonly width: number };

/** Narrowest useful width of a column that fills, and the width below which columns that matter less make room for it. */
const narrowestFill = 14;
const readableFill = 18;
/** Between columns. */
export const columnGap = '  ';
const gap = columnGap.length;

export type LayoutWishes = { readonly wide: boolean; readonly scrolled: number; readonly columns: readonly string[] | undefined };

const widthOf = (column: Column<Keyed>): number => (column.width === 'fill' ? narrowestFill : column.width);

const wanted = (resource: AnyResource, wishes: LayoutWishes): readonly Column<Keyed>[] => {
  const all = resource.columns;
  const chosen = wishes.columns
    ? all.filter(column => wishes.columns?.includes(column.title))
    : wishes.wide
      ? all
      : all.filter(column => (column.priority ?? 1) < 3);
  const [first, ...others] = chosen.length > 0 ? chosen : all.slice(0, 1);
  return first ? [first, ...others.slice(Math.min(wishes.scrolled, Math.max(0, others.length - 1)))] : [];
};

/** Which columns fit, the least important left out first, and how wide each is; the first always stays. */
export const layoutColumns = (resource: AnyResource, available: number, wishes: LayoutWishes): readonly PlacedColumn[] => {
  let columns = wanted(resource, wishes);
  const taken = () => columns.reduce((sum, column) => sum + widthOf(column) + gap, -gap);
  const narrowed = () => columns.filter(column => column.width === 'fill').length * (readableFill - narrowestFill);
  const leastOf = () => Math.max(...columns.slice(1).map(column => column.priority ?? 1));
  while (columns.length > 1 && taken() + (leastOf() > 1 ? narrowed() : 0) > available) {
    const least = leastOf();
    const last = columns.findLastIndex((column, index) => index > 0 && (column.priority ?? 1) === least);
    columns = columns.toSpliced(last, 1);
  }
  const fills = columns.filter(column => column.width === 'fill').length;
  const spare = Math.max(0, available - taken());
  let given = 0;
  return columns.map(column => {
    if (column.width !== 'fill') return { column, width: Math.min(widthOf(column), available) };
    given += 1;
    const share = Math.floor(spare / fills) + (given === fills ? spare % fills : 0);
    return { column, width: narrowestFill + share };
  });
};
