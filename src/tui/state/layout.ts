import type { Size } from './types.ts';

/** How the lines of a screen are shared out: the brain scrolls by it, the screen draws by it. */
export type Layout = {
  /** Rows of the list, its header not counted. */
  readonly listRows: number;
  /** The list with its header, and what stands beside it. */
  readonly bodyLines: number;
  /** The detail of the record under the cursor stands beside the list; otherwise it takes the list's place when opened. */
  readonly preview: boolean;
  /** Panes and saved filters stand to the left. */
  readonly navigation: boolean;
  /** Lines of the event strip. */
  readonly strip: number;
  /** Half of the strip shows the live stream. */
  readonly stream: boolean;
  /** The line with marks, and where filters and commands are typed. */
  readonly status: number;
  readonly flash: number;
  readonly hints: number;
};

/** Banner and crumbs are never dropped; the strip goes first, then the hints, then the others. */
export const layoutOf = ({ columns, rows }: Size): Layout => {
  const stream = columns >= 170 && rows >= 45;
  const strip = stream ? 7 : columns >= 110 && rows >= 30 ? 4 : 0;
  const hints = rows >= 20 ? 1 : 0;
  const flash = rows >= 8 ? 1 : 0;
  const status = rows >= 5 ? 1 : 0;
  const bodyLines = Math.max(0, rows - 2 - strip - hints - flash - status);
  return {
    listRows: Math.max(1, bodyLines - 1),
    bodyLines,
    preview: columns >= 110,
    navigation: columns >= 170,
    strip,
    stream,
    status,
    flash,
    hints,
  };
};
