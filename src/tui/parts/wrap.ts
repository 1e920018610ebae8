import { columnsOf, fit, longestCommand, safe } from '../../domain/safe-text.ts';
import { paint, type Ink } from '../theme.ts';

/** The widest that running text is set, in columns; longer lines are hard to follow. */
const widestText = 110;

/** Breaks safe text into lines of a width, at blanks where there are any. */
export const wrap = (text: string, width: number): readonly string[] => {
  if (columnsOf(text) <= width) return [text];
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    const joined = line === undefined ? word : `${line} ${word}`;
    if (columnsOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== undefined && line.trim() !== '') lines.push(line);
    let rest = word;
    while (columnsOf(rest) > width) {
      const piece = fit(rest, width).replace(/~\s*$/, '');
      if (piece === '') break;
      lines.push(piece);
      rest = rest.slice(piece.length);
    }
    line = rest;
  }
  if (line !== undefined && line !== '') lines.push(line);
  return lines;
};

/** A point of a list: what it says is made safe, broken at blanks, and set off by a sign. */
export const point = (text: string, width: number, sign = '-', ink: Ink = 'plain', max = 600): readonly string[] =>
  wrap(safe(text, { max }), Math.max(4, Math.min(widestText, width) - 4)).map((line, index) =>
    paint(`  ${index === 0 ? sign : ' '} ${line}`, ink),
  );

/** What will run, word for word and never cut off: each line behind a bar, what is broken goes on behind a colon. */
export const verbatim = (lines: readonly string[], width: number): readonly string[] =>
  lines.flatMap(line =>
    wrap(safe(line, { max: longestCommand }), Math.max(4, width - 6)).map((part, index) =>
      paint(`    ${index === 0 ? '|' : ':'} ${part}`, 'plain'),
    ),
  );

/** Our own words, broken to the width, two columns in. */
export const paragraph = (text: string, width: number, ink: Ink = 'plain'): readonly string[] =>
  wrap(text, Math.max(4, Math.min(widestText, width) - 2)).map(line => paint(`  ${line}`, ink));

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Safe text in pieces of a width, each but the last as long as it may be: nothing is added and nothing is left out. */
export const pieces = (text: string, width: number): readonly string[] => {
  const found: string[] = [];
  let [piece, used] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    const columns = columnsOf(segment);
    if (used + columns > width && piece !== '') {
      found.push(piece);
      [piece, used] = ['', 0];
    }
    piece += segment;
    used += columns;
  }
  return [...found, piece];
};
