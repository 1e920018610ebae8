import { columnsOfCode } from '../../domain/safe-text.ts';
import type { Style, Styler } from './style.ts';

/** One line of the screen. A wide character stands in its first cell, the second is ''. Both lists are as long as the screen is wide. */
export type Row = { glyphs: string[]; styles: Style[] };

export const blankRow = (width: number): Row => ({ glyphs: Array<string>(width).fill(' '), styles: Array<Style>(width).fill('') });

/** Lays one row over another: blank cells let the lower one through. */
export const layRow = (over: Row, under: Row): Row => {
  const row = { glyphs: [...under.glyphs], styles: [...under.styles] };
  over.glyphs.forEach((glyph, x) => {
    const style = over.styles[x] ?? '';
    if (glyph === ' ' && style === '') return;
    if (glyph !== '' && row.glyphs[x] === '' && x > 0) row.glyphs[x - 1] = ' ';
    if (row.glyphs[x + 1] === '') row.glyphs[x + 1] = ' ';
    put(row, x, glyph, style);
  });
  return row;
};

/** Reads one line of text with SGR sequences into cells; other escape sequences are dropped, what does not fit is cut. */
export const readRow = (line: string, width: number, style: Styler): Row => {
  const row = blankRow(width);
  let current: Style = '';
  let x = 0;
  for (let index = 0; index < line.length;) {
    const code = line.charCodeAt(index);
    if (code === 0x1b) {
      const end = endOfEscape(line, index);
      if (line[end - 1] === 'm' && line[index + 1] === '[') current = style(current, line.slice(index + 2, end - 1));
      index = end;
      continue;
    }
    if (code < 0x7f) {
      if (code >= 0x20 && x < width) put(row, x++, line[index] ?? ' ', current);
      index += 1;
      continue;
    }
    const character = String.fromCodePoint(line.codePointAt(index) ?? 0);
    index += character.length;
    x = putWide(row, x, character, current);
  }
  return row;
};

const put = (row: Row, x: number, glyph: string, style: Style): void => {
  row.glyphs[x] = glyph;
  row.styles[x] = style;
};

const putWide = (row: Row, x: number, character: string, style: Style): number => {
  const columns = columnsOfCode(character.codePointAt(0) ?? 0);
  if (columns === 0) {
    const before = row.glyphs[x - 1] === '' ? x - 2 : x - 1;
    if (before >= 0) row.glyphs[before] += character;
    return x;
  }
  if (x + columns > row.glyphs.length) return row.glyphs.length;
  put(row, x, character, style);
  if (columns === 2) put(row, x + 1, '', style);
  return x + columns;
};

const endOfEscape = (line: string, index: number): number => {
  if (line[index + 1] === '[') {
    for (let at = index + 2; at < line.length; at++) {
      const code = line.charCodeAt(at);
      if (code >= 0x40 && code <= 0x7e) return at + 1;
    }
    return line.length;
  }
  if (line[index + 1] === ']') {
    const bell = line.indexOf('\u0007', index);
    const string = line.indexOf('\u001b\\', index);
    if (bell >= 0 && (string < 0 || bell < string)) return bell + 1;
    return string < 0 ? line.length : string + 2;
  }
  return Math.min(line.length, index + 2);
};

/**
 * Whether every terminal gives this glyph the columns that we count. For the others the painter says where to go on instead of
 * relying on where the cursor went.
 */
export const isCertain = (glyph: string): boolean => {
  const code = glyph.codePointAt(0) ?? 0x20;
  if (code < 0x300) return glyph.length <= 1;
  if (glyph.length > 1) return false;
  return (
    (code >= 0x370 && code <= 0x482) || // Greek, Cyrillic
    (code >= 0x2400 && code <= 0x2426) || // control pictures
    (code >= 0x2500 && code <= 0x259f) || // lines and blocks
    (code >= 0x3041 && code <= 0x3096) || // kana
    (code >= 0x30a1 && code <= 0x30fe) ||
    (code >= 0x4e00 && code <= 0x9fff) || // ideographs
    (code >= 0xac00 && code <= 0xd7a3) // Hangul syllables
  );
};
