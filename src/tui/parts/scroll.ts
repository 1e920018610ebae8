/** A part of a text that is longer than its place. */
export type Scrolled = { readonly shown: readonly string[]; readonly from: number; readonly below: number };

/** The lines from `scroll` on, as many as there is room for; never beyond the end. */
export const scrolledTo = (lines: readonly string[], scroll: number, room: number): Scrolled => {
  const from = Math.max(0, Math.min(scroll, lines.length - room));
  const shown = lines.slice(from, from + Math.max(0, room));
  return { shown, from, below: lines.length - from - shown.length };
};
