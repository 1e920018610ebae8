import type { Size } from '../state/types.ts';

const smallest = { columns: 20, rows: 5 };

/** Whether a screen is too small for anything but saying so. */
export const isTooSmall = ({ columns, rows }: Size): boolean => columns < smallest.columns || rows < smallest.rows;

/** What a screen shows that is too small, as much as it has room for. */
export const tooSmallLines = ({ columns, rows }: Size): readonly string[] => {
  const lines = ['Bursar needs more', 'room: 20 x 5,', 'better 80 x 24'].map(line => line.slice(0, columns));
  return Array.from({ length: Math.max(0, rows) }, (_, index) => lines[index] ?? '');
};
