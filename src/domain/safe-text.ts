import stringWidth from 'string-width';

const printableAscii = /^[ -~]*$/;

/** What a code point may do on a terminal; classes are computed once per code point. */
const Class = { hidden: 0, plain: 1, base: 2, mark: 3, control: 4 } as const;
type Class = (typeof Class)[keyof typeof Class];

/** A mark beyond these on one letter is a tower that runs into the neighbouring lines. */
const marksPerLetter = 4;

const letter = /^[\p{L}\p{N}]$/u;
const mark = /^[\p{Mn}\p{Mc}]$/u;
// Braille blank draws nothing, skin tones merge with the sign before them, Hangul letters merge with each other
const hidden =
  /^[\p{C}\p{Zl}\p{Zp}\p{Me}\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}\u2800\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]$/u;
const oddSpace = /^(?![ \u00A0\u3000])\p{Zs}$/u;
const hangulLetters = /[\u1100-\u1112][\u1161-\u1175][\u11A8-\u11C2]?/g;

const classes = new Map<number, Class>();
const widths = new Map<number, number>();

const classify = (code: number): Class => {
  if (code < 0x20 || code === 0x7f) return Class.control;
  const character = String.fromCodePoint(code);
  if (hidden.test(character) || oddSpace.test(character)) return Class.hidden;
  if (letter.test(character)) return Class.base;
  return mark.test(character) ? Class.mark : Class.plain;
};

const classOf = (code: number): Class => {
  const known = classes.get(code);
  if (known !== undefined) return known;
  const found = classify(code);
  classes.set(code, found);
  return found;
};

const controlPicture = (code: number): string => (code === 0x7f ? '␡' : String.fromCharCode(0x2400 + code));
const escaped = (code: number): string => `\\u{${code.toString(16).toUpperCase()}}`;

/** Any value as text; never throws, whatever its own methods do. */
const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (value instanceof Error) return value.message;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  try {
    return value instanceof Date ? value.toISOString() : (JSON.stringify(value) ?? '');
  } catch {
    return Object.prototype.toString.call(value);
  }
};

const shown = (text: string, max: number, cutOff: boolean): string => {
  let out = '';
  let marks = marksPerLetter; // nothing to sit on yet
  for (let index = 0; index < text.length;) {
    const code = text.codePointAt(index) ?? 0;
    const kind = classOf(code);
    const end = index + (code > 0xffff ? 2 : 1);
    const keep = kind === Class.mark ? marks < marksPerLetter : kind === Class.plain || kind === Class.base;
    const piece = keep ? text.slice(index, end) : kind === Class.control ? controlPicture(code) : escaped(code);
    marks = kind === Class.mark ? marks + 1 : kind === Class.base ? 0 : marksPerLetter;
    if (out.length + piece.length > (cutOff || end < text.length ? max - 1 : max)) return `${out}~`;
    out += piece;
    index = end;
  }
  return cutOff ? `${out}~` : out;
};

/**
 * Text from outside, made harmless: whatever a terminal would obey, hide, reorder or draw in no column of its own becomes visible
 * (`␛`, `␊`, `\u{202E}`). At most `max` characters come out; `~` marks the cut.
 */
export const safe = (value: unknown, { max = 4000 }: { max?: number } = {}): string => {
  const whole = textOf(value);
  const cutOff = whole.length > max;
  const text = cutOff ? whole.slice(0, max) : whole;
  if (printableAscii.test(text)) return cutOff ? `${text.slice(0, max - 1)}~` : text;
  return shown(
    text.replace(hangulLetters, syllable => syllable.normalize('NFC')),
    max,
    cutOff,
  );
};

/** Terminal columns of one code point: 0, 1 or 2. */
export const columnsOfCode = (code: number): number => {
  if (code < 0x300) return 1;
  const known = widths.get(code);
  if (known !== undefined) return known;
  const width = stringWidth(String.fromCodePoint(code));
  widths.set(code, width);
  return width;
};

/**
 * Terminal columns of a safe text: the sum over code points, as most terminals advance. Terminals that join clusters draw some
 * Indic ones narrower, which only leaves room.
 */
export const columnsOf = (text: string): number => {
  if (printableAscii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOfCode(character.codePointAt(0) ?? 0);
  return width;
};

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

const cut = (text: string, width: number): string => {
  let used = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    used += columnsOf(segment);
    if (used > width) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
};

/** Exactly `width` columns: padded with spaces, or cut with `~` as its last sign, graphemes kept whole. */
export const fit = (text: string, width: number, align: 'left' | 'right' = 'left'): string => {
  if (width <= 0) return '';
  if (printableAscii.test(text)) {
    if (text.length > width) return `${text.slice(0, width - 1)}~`;
    return align === 'left' ? text.padEnd(width) : text.padStart(width);
  }
  const columns = columnsOf(text);
  // A wide character may have to go whole for the mark: the rest is padded
  const whole = columns > width ? `${cut(text, width - 1)}~` : text;
  const pad = ' '.repeat(width - columnsOf(whole));
  return align === 'left' ? whole + pad : pad + whole;
};

/** Longer than any command or line of a script, in characters: what is agreed to is never cut off. */
export const longestCommand = 200_000;
