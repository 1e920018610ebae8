import { EventEmitter } from 'node:events';
import { Canvas } from './canvas.ts';
import type { Colours } from './style.ts';

/** What is needed of the real terminal; `write` answers false when one has to wait for `drain`. */
export type Screen = {
  size: () => { columns: number; rows: number };
  write: (text: string) => boolean;
  on: (event: 'resize' | 'drain', listener: () => void) => unknown;
  off: (event: 'resize' | 'drain', listener: () => void) => unknown;
};

/** Terminals report many sizes while a window is dragged: drawing waits until it rests, at most for the second time. */
const settleMs = 20;
const latestMs = 100;

// Ink erases and moves the cursor before each frame; here only the frame counts
// oxlint-disable-next-line no-control-regex
const inkPrefix = /^(?:\u001b\[[\d;?]*[A-LN-Za-ln-z])+/;

/** As much of a terminal's stdout as Ink uses. */
class InkStdout extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  readonly destroyed = false;
  readonly writableEnded = false;
  columns = 80;
  rows = 24;
  readonly #onFrame: (frame: string[]) => void;

  constructor(onFrame: (frame: string[]) => void) {
    super();
    this.setMaxListeners(0);
    this.#onFrame = onFrame;
  }

  write(data: string, written?: () => void): boolean {
    const frame = data.replace(inkPrefix, '');
    if (frame !== '') this.#onFrame(frame.split('\n'));
    if (written) queueMicrotask(written);
    return true;
  }
}

/** The stdout for Ink that takes its full frames and sends the terminal only the cells that differ from what stands there. */
export class CellOutput {
  readonly #screen: Screen;
  readonly #canvas: Canvas;
  readonly #ink = new InkStdout(over => this.#layer({ over }));
  #under: readonly string[] = [];
  #over: readonly string[] = [];
  #hasFrame = false;
  #awake = false;
  #waiting = false;
  #due = false;
  #settling: { since: number; timer: NodeJS.Timeout } | undefined;

  constructor(screen: Screen, colours: Colours) {
    this.#screen = screen;
    this.#canvas = new Canvas(colours);
    this.#adoptSize();
    screen.on('resize', this.#resized);
    screen.on('drain', this.#drained);
  }

  /** For Ink's `stdout`; use `incrementalRendering: false` and `alternateScreen: false` with it. */
  get stdout(): NodeJS.WriteStream {
    return this.#ink as unknown as NodeJS.WriteStream;
  }

  /**
   * Draws lines under Ink's frame, past Ink's layout: what Ink leaves blank shows them. Alone, they hide what Ink drew before: its next
   * frame comes a little later.
   */
  show(lines: readonly string[], alone = false): void {
    this.#layer(alone ? { under: lines, over: [] } : { under: lines });
  }

  /** Starts or goes on drawing, on a screen of which nothing is known. */
  wake(): void {
    this.#awake = true;
    this.repaint();
  }

  /** Stops drawing; frames are remembered. */
  sleep(): void {
    this.#awake = false;
  }

  /** Draws everything anew. */
  repaint(): void {
    this.#adoptSize();
    this.#paint();
  }

  close(): void {
    this.#awake = false;
    clearTimeout(this.#settling?.timer);
    this.#screen.off('resize', this.#resized);
    this.#screen.off('drain', this.#drained);
  }

  /** Both layers may change in one turn: they are drawn together. */
  #layer({ under = this.#under, over = this.#over }: { under?: readonly string[]; over?: readonly string[] }): void {
    this.#under = under;
    this.#over = over;
    this.#hasFrame = true;
    if (!this.#due) queueMicrotask(() => this.#paint());
    this.#due = true;
  }

  #paint(): void {
    this.#due = false;
    if (!this.#hasFrame || !this.#awake || this.#waiting || this.#settling) return;
    const bytes = this.#canvas.draw(this.#under, this.#over);
    if (bytes !== '') this.#waiting = !this.#screen.write(bytes);
  }

  #adoptSize(): void {
    Object.assign(this.#ink, this.#screen.size());
    this.#canvas.forget(this.#ink.columns, this.#ink.rows);
  }

  readonly #resized = (): void => {
    const since = this.#settling?.since ?? Date.now();
    clearTimeout(this.#settling?.timer);
    const wait = Math.max(0, Math.min(settleMs, since + latestMs - Date.now()));
    this.#settling = { since, timer: setTimeout(this.#settled, wait) };
  };

  readonly #settled = (): void => {
    this.#adoptSize();
    this.#ink.emit('resize');
    // Ink first draws the old tree in the new size, then the new one: only the second is painted
    setImmediate(() => {
      this.#settling = undefined;
      this.#paint();
    });
  };

  readonly #drained = (): void => {
    this.#waiting = false;
    this.#paint();
  };
}
