import { blankRow, layRow, readRow, type Row } from './cells.ts';
import { emptyScreen } from './modes.ts';
import { Brush } from './paint.ts';
import { createStyler, type Colours, type Styler } from './style.ts';

/** The cells that stand on the terminal, and the bytes that turn them into another frame. */
export class Canvas {
  readonly #styler: Styler;
  readonly #brush = new Brush();
  #shown: { under: string; over: string; row: Row }[] = [];
  #isUnknown = true;

  constructor(colours: Colours) {
    this.#styler = createStyler(colours);
  }

  /** The screen has this size, and what stands on it is not known. */
  forget(columns: number, rows: number): void {
    this.#isUnknown = true;
    this.#shown = Array.from({ length: rows }, () => ({ under: '', over: '', row: blankRow(columns) }));
  }

  /** The bytes that show these lines, text with SGR sequences; what is blank in the upper ones shows the lower ones. */
  draw(unders: readonly string[], overs: readonly string[]): string {
    this.#shown.forEach((line, y) => {
      const under = unders[y] ?? '';
      const over = overs[y] ?? '';
      if (under === line.under && over === line.over) return;
      const width = line.row.glyphs.length;
      const lower = readRow(under, width, this.#styler);
      const row = over === '' ? lower : layRow(readRow(over, width, this.#styler), lower);
      this.#brush.line(line.row, row, y);
      Object.assign(line, { under, over, row });
    });
    const bytes = (this.#isUnknown ? emptyScreen : '') + this.#brush.take();
    this.#isUnknown = false;
    return bytes;
  }
}
