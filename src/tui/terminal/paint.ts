import { isCertain, type Row } from './cells.ts';
import { restyle, type Style } from './style.ts';

/** Rewriting so many unchanged cells is no longer than moving over them. */
const bridge = 4;

type Span = { from: number; to: number };

const same = (before: Row, after: Row, x: number): boolean => before.glyphs[x] === after.glyphs[x] && before.styles[x] === after.styles[x];

const isUncertainAt = (row: Row, x: number): boolean => {
  const glyph = row.glyphs[x];
  return glyph === '' ? !isCertain(row.glyphs[x - 1] ?? ' ') : !isCertain(glyph ?? ' ');
};

/** Whether writing may start or stop before this cell: not inside a wide character, not behind one of uncertain width. */
const isBorder = (row: Row, x: number): boolean => row.glyphs[x] !== '' && !isUncertainAt(row, x - 1);

const widened = (before: Row, after: Row, { from, to }: Span): Span => {
  const width = after.glyphs.length;
  const border = (x: number): boolean => isBorder(before, x) && isBorder(after, x);
  let start = from;
  let end = to;
  while (start > 0 && !border(start)) start -= 1;
  while (end < width && !border(end)) end += 1;
  return { from: start, to: end };
};

/** The parts of a row that have to be sent. */
const changedSpans = (before: Row, after: Row): Span[] => {
  const spans: Span[] = [];
  const width = after.glyphs.length;
  for (let x = 0; x < width; x++) {
    if (same(before, after, x)) continue;
    let end = x + 1;
    while (end < width && !same(before, after, end)) end += 1;
    const span = widened(before, after, { from: x, to: end });
    const last = spans.at(-1);
    if (last && span.from - last.to <= bridge && canBridge(after, last.to, span.from)) last.to = Math.max(last.to, span.to);
    else spans.push(span);
    x = Math.max(end, span.to) - 1;
  }
  return spans;
};

/** Only plain-width cells of one style are cheaper to repeat than to jump. */
const canBridge = (row: Row, from: number, to: number): boolean => {
  for (let x = from; x < to; x++) if (row.styles[x] !== row.styles[from - 1] || (row.glyphs[x] ?? '').length !== 1) return false;
  return true;
};

const isBlank = (row: Row, x: number): boolean => row.glyphs[x] === ' ' && row.styles[x] === '';

/** Collects the bytes that change lines of a terminal, the shortest it knows; starts from an unknown cursor and the plain style. */
export class Brush {
  #out = '';
  #x = -1;
  #y = -1;
  #style: Style = '';

  /** Brings one line from what is on the screen to what shall be. */
  line(before: Row, after: Row, y: number): void {
    let end = after.glyphs.length;
    while (end > 0 && isBlank(after, end - 1)) end -= 1;
    for (const { from, to } of changedSpans(before, after)) {
      const text = Math.max(from, Math.min(to, end));
      if (to - text < 4) {
        this.#span(after, y, { from, to });
        continue;
      }
      this.#span(after, y, { from, to: text });
      this.#move(text, y);
      this.#dress('');
      this.#out += '\u001b[K'; // the rest of the line is blank
      return;
    }
  }

  /** Everything collected, ending in the plain style. */
  take(): string {
    this.#dress('');
    const bytes = this.#out;
    this.#out = '';
    this.#x = -1;
    this.#y = -1;
    return bytes;
  }

  #move(x: number, y: number): void {
    if (x === this.#x && y === this.#y) return;
    if (y === this.#y && this.#x >= 0 && x > this.#x) this.#out += x - this.#x === 1 ? '\u001b[C' : `\u001b[${x - this.#x}C`;
    else if (x === this.#x && y === this.#y + 1) this.#out += '\u001b[B';
    else this.#out += x === 0 ? `\u001b[${y + 1}H` : `\u001b[${y + 1};${x + 1}H`;
    this.#x = x;
    this.#y = y;
  }

  #dress(style: Style): void {
    this.#out += restyle(this.#style, style);
    this.#style = style;
  }

  #span(row: Row, y: number, { from, to }: Span): void {
    for (let x = from; x < to;) {
      const glyph = row.glyphs[x] ?? ' ';
      if (!isCertain(glyph)) {
        x = this.#uncertain(row, y, x);
        continue;
      }
      this.#move(x, y);
      this.#dress(row.styles[x] ?? '');
      this.#out += glyph;
      x += row.glyphs[x + 1] === '' ? 2 : 1;
      // At the right edge terminals differ on where the cursor is
      this.#x = x < row.glyphs.length ? x : -1;
    }
  }

  /** Glyphs that some terminals draw wider or narrower: their place is wiped first, and each is put where it belongs. */
  #uncertain(row: Row, y: number, from: number): number {
    let to = from;
    while (to < row.glyphs.length && isUncertainAt(row, to)) to += 1;
    this.#move(from, y);
    this.#dress(row.styles[from] ?? '');
    this.#out += ' '.repeat(to - from);
    for (let x = from; x < to; x++) {
      this.#x = -1;
      if (row.glyphs[x] === '') continue;
      this.#move(x, y);
      this.#dress(row.styles[x] ?? '');
      this.#out += row.glyphs[x] ?? '';
    }
    this.#x = -1;
    return to;
  }
}
