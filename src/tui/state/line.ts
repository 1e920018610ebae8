import { newLine } from './start.ts';
import type { Line } from './types.ts';

/** The line with other text, put there from outside of its field. */
const rewritten = (line: Line, text: string, changes: Partial<Line>): Line => ({
  ...newLine(text),
  completions: line.completions,
  edition: line.edition + 1,
  ...changes,
});

/** The line after its field changed it. */
export const retyped = (line: Line, text: string, completions: readonly string[]): Line => ({
  ...newLine(text),
  completions,
  edition: line.edition,
});

/** The next of the whole texts that it may become; the only one is taken, and `complete` says how it may go on. */
export const completed = (line: Line, by: 1 | -1, complete: (text: string) => readonly string[]): Line => {
  const { length } = line.completions;
  if (length === 0) return line;
  const [first = ''] = line.completions;
  if (length === 1) return rewritten(line, first, { completions: complete(first) });
  const chosen = line.chosen < 0 && by < 0 ? length - 1 : (line.chosen + by + length) % length;
  return rewritten(line, line.completions[chosen] ?? line.text, { chosen });
};

/** What was typed earlier, or later again; the line of now is kept at the end. */
export const recalled = (line: Line, earlier: readonly string[], by: number): Line => {
  const past = Math.max(0, Math.min(earlier.length, line.past - by));
  if (past === line.past) return line;
  return rewritten(line, past === 0 ? line.draft : (earlier[past - 1] ?? ''), { past, draft: line.draft, completions: [] });
};

export const cleared = (line: Line, completions: readonly string[]): Line => rewritten(line, '', { completions });

export const refusedLine = (line: Line, error: string, next: string | undefined): Line => ({
  ...line,
  error,
  ...(next === undefined ? {} : { next }),
});

/** What was typed earlier with this before it, once. */
export const remembered = (earlier: readonly string[], text: string): readonly string[] =>
  text.trim() === '' ? earlier : [text, ...earlier.filter(other => other !== text)].slice(0, 50);
