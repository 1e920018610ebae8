import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import xterm from '@xterm/headless';
import type { Stage } from '../../src/tui/app.tsx';
import { CellOutput } from '../../src/tui/terminal/cell-output.ts';
import type { Key } from '../../src/tui/terminal/key.ts';
import { KeyInput, type KeyConsumer } from '../../src/tui/terminal/key-input.ts';
import type { Ending } from '../../src/tui/terminal/terminal.ts';

/** What terminals send for keys with a name; others send themselves. */
const sent: Readonly<Record<string, string>> = {
  enter: '\r', esc: '\u001b', tab: '\t', 'shift+tab': '\u001b[Z', space: ' ', backspace: '\u007f',
  up: '\u001b[A', down: '\u001b[B', right: '\u001b[C', left: '\u001b[D', home: '\u001b[H', end: '\u001b[F',
  pageup: '\u001b[5~', pagedown: '\u001b[6~', 'alt+left': '\u001b[1;3D', 'alt+right': '\u001b[1;3C',
}; // prettier-ignore

/** Ink holds a frame back until so long after the one before, in milliseconds: the least it knows. */
const heldBackMs = 1;

/** A lone Esc is believed after this time, in milliseconds. */
const escapeMs = 2;

export const bytesOf = (name: string): string => {
  const known = sent[name];
  if (known !== undefined) return known;
  return /^\^[a-z]$/.test(name) ? String.fromCharCode(name.charCodeAt(1) - 0x60) : name;
};

/** Counts the keys and pastes that reached the program. */
class CountingInput extends KeyInput {
  delivered = 0;

  override listen(consumer: KeyConsumer): void {
    super.listen({
      isTyping: consumer.isTyping,
      onKeys: (keys: readonly Key[]) => {
        const used = consumer.onKeys(keys) ?? keys.length;
        this.delivered += used;
        return used;
      },
      onTypedKey: key => {
        this.delivered += 1;
        return consumer.onTypedKey(key);
      },
      onPaste: text => {
        this.delivered += 1;
        consumer.onPaste(text);
      },
    });
  }
}

/** A person's terminal in memory: the program's own input and output on a screen that can be read. */
export class FakeTerminal {
  readonly #screen: xterm.Terminal;
  readonly #signals = new EventEmitter();
  readonly #source = Object.assign(new EventEmitter(), { resume: () => undefined, pause: () => undefined });
  readonly #input = new CountingInput(this.#source, escapeMs, Date.now);
  readonly #output: CellOutput;
  /** Bytes that the program wrote. */
  written = 0;
  clipboard = '';
  ending: Ending | undefined;

  constructor(size: { readonly columns: number; readonly rows: number }) {
    this.#screen = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true, scrollback: 0 });
    this.#output = new CellOutput(
      {
        size: () => ({ columns: this.#screen.cols, rows: this.#screen.rows }),
        write: text => {
          this.written += Buffer.byteLength(text);
          this.#screen.write(text);
          return true;
        },
        on: (event, listener) => this.#signals.on(event, listener),
        off: (event, listener) => this.#signals.off(event, listener),
      },
      256,
    );
    this.#input.start();
    this.#output.wake();
  }

  get stage(): Stage {
    const [input, output] = [this.#input, this.#output];
    return {
      input,
      output,
      forInk: {
        stdin: input.stdin,
        stdout: output.stdout,
        interactive: true,
        exitOnCtrlC: false,
        patchConsole: false,
        incrementalRendering: false,
        alternateScreen: false,
        maxFps: 1_000 / heldBackMs,
      },
      copy: text => {
        this.clipboard = text;
        return true;
      },
      suspend: async () => undefined,
      end: ending => {
        this.ending ??= ending;
      },
    };
  }

  get delivered(): number {
    return this.#input.delivered;
  }

  /** Bytes from the keyboard, as they come. */
  send(bytes: string): void {
    this.#source.emit('data', bytes);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#signals.emit('resize');
  }

  /** Waits until all that the program has drawn so far is on the screen. */
  async drawn(): Promise<void> {
    // Ink's two delays, one after the other; whatever else keeps the process busy, timers that end earlier are served earlier
    for (const _ of ['the frame', 'its output']) await pause(heldBackMs + 1);
    await new Promise<void>(resolve => this.#screen.write('', resolve));
  }

  /** Called whenever the screen has changed. */
  onChange(listener: () => void): { dispose: () => void } {
    return this.#screen.onWriteParsed(listener);
  }

  /** The screen as a person sees it. */
  frame(): string {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, row) => active.getLine(row)?.translateToString(true) ?? '').join('\n');
  }

  close(): void {
    this.#input.stop();
    this.#output.close();
    this.#screen.dispose();
  }
}
