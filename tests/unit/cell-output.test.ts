import { EventEmitter } from 'node:events';
import { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fit } from '../../src/domain/safe-text.ts';
import { CellOutput } from '../../src/tui/terminal/cell-output.ts';
import { emptyScreen } from '../../src/tui/terminal/modes.ts';
import type { Colours } from '../../src/tui/terminal/style.ts';

/** A terminal model behind the output, with what was sent to it. */
class FakeScreen extends EventEmitter {
  readonly terminal: Terminal;
  columns: number;
  rows: number;
  sent: string[] = [];
  accepts = true;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.terminal = new Terminal({ cols: columns, rows, allowProposedApi: true });
    this.terminal.write('\u001b[?7l');
  }

  size(): { columns: number; rows: number } {
    const { columns, rows } = this;
    return { columns, rows };
  }

  write(text: string): boolean {
    this.sent.push(text);
    this.terminal.write(text);
    return this.accepts;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.terminal.resize(columns, rows);
    this.emit('resize');
  }
}

const parsed = (terminal: Terminal): Promise<void> => new Promise(resolve => terminal.write('', resolve));

/** Every cell with its character, width and look. */
const cellsOf = async (terminal: Terminal): Promise<string[]> => {
  await parsed(terminal);
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, y) => {
    const line = active.getLine(y);
    const cells = Array.from({ length: terminal.cols }, (_, x) => {
      const cell = line?.getCell(x);
      if (!cell) return '?';
      const look = [cell.isBold(), cell.isInverse(), cell.isUnderline(), cell.isDim()].map(Number).join('');
      return `${cell.getChars() || ' '}${cell.getWidth()}${look},${cell.getFgColor()},${cell.getBgColor()}`;
    });
    return cells.join('|');
  });
};

const textOf = async (terminal: Terminal): Promise<string> => {
  await parsed(terminal);
  const lines = Array.from({ length: terminal.rows }, (_, y) => terminal.buffer.active.getLine(y)?.translateToString(true) ?? '');
  return lines.join('\n').trimEnd();
};

/** The same lines, written the plain way on an empty terminal. */
const plainly = async (lines: readonly string[], columns: number, rows: number): Promise<string[]> => {
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true });
  terminal.write(`\u001b[?7l${lines.map((line, y) => `\u001b[${y + 1};1H\u001b[m${line}`).join('')}`);
  return cellsOf(terminal);
};

const open = ({ columns = 40, rows = 6, colours = 256 }: { columns?: number; rows?: number; colours?: Colours } = {}) => {
  const screen = new FakeScreen(columns, rows);
  const output = new CellOutput(screen, colours);
  output.wake();
  return { screen, output, ink: output.stdout };
};

const look = fc.constantFrom('', '7', '1', '31', '1;33;44', '38;5;200', '2', '4;7');
const words = fc.constantFrom('alpha', 'b', '   ', '王小明', '42.00', 'é', 'e\u0301x', 'ก็', 'लक्ष्मी', '─┬─', 'שלום', '␛', '~');
const line = fc
  .array(fc.tuple(look, words), { maxLength: 9 })
  .map(parts => parts.map(([style, word]) => `\u001b[${style}m${fit(word, 5)}\u001b[0m`).join(''));
const frame = fc.array(line, { minLength: 6, maxLength: 6 });

describe('cells', () => {
  test('whatever frames follow each other, the screen shows the last one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 5 }), async frames => {
        const { screen, output } = open({ columns: 45 });
        for (const lines of frames) {
          output.show(lines);
          await Promise.resolve();
          expect(await cellsOf(screen.terminal)).toEqual(await plainly(lines, 45, 6));
        }
      }),
      { seed: 20_261_121, numRuns: 150 },
    );
  });

  test('a moved marker costs a few bytes, an unchanged frame none', async () => {
    const { screen, output } = open({ columns: 200, rows: 50 });
    const list = (at: number): string[] => Array.from({ length: 50 }, (_, y) => `${y === at ? '>' : ' '} row ${y} ${'x'.repeat(150)}`);
    output.show(list(3));
    await Promise.resolve();
    screen.sent = [];
    output.show(list(4));
    await Promise.resolve();
    expect(screen.sent.join('')).toBe('\u001b[4H \u001b[5H>');
    output.show(list(4));
    await Promise.resolve();
    expect(screen.sent).toHaveLength(1);
  });

  test('what follows a character of doubtful width stays in its column', async () => {
    const { screen, output } = open();
    output.show([`${fit('😀 ok', 10)}|`, `${fit('plain', 10)}|`]);
    await Promise.resolve();
    await parsed(screen.terminal);
    expect([0, 1].map(y => screen.terminal.buffer.active.getLine(y)?.getCell(10)?.getChars())).toEqual(['|', '|']);
  });

  test('colours follow the terminal, emphasis stays', async () => {
    const sent = await Promise.all(
      ([0, 16, 256] as const).map(async colours => {
        const { screen, output } = open({ colours });
        output.show(['\u001b[1;31mA\u001b[38;5;200mB\u001b[38;2;1;2;3mC\u001b[0m\u001b[8mD\u001b[0m']);
        await Promise.resolve();
        return screen.sent.join('').replace(emptyScreen, '');
      }),
    );
    expect(sent).toEqual([
      '\u001b[1H\u001b[1mABC\u001b[mD',
      '\u001b[1H\u001b[1;31mABC\u001b[mD',
      '\u001b[1H\u001b[1;31mA\u001b[;1;38;5;200mBC\u001b[mD',
    ]);
  });
});

describe('what Ink writes', () => {
  test('frames replace each other, modes and erasures are not passed on', async () => {
    const { screen, ink } = open();
    ink.write('\u001b[?25l');
    ink.write('\u001b[?2026h');
    ink.write('one\n\u001b[7mtwo\u001b[27m\nthree');
    ink.write('\u001b[?2026l');
    await Promise.resolve();
    expect(await textOf(screen.terminal)).toBe('one\ntwo\nthree');
    ink.write('\u001b[2K\u001b[1A\u001b[2K\u001b[1A\u001b[2K\u001b[Gone\nTWO');
    await Promise.resolve();
    expect(await textOf(screen.terminal)).toBe('one\nTWO');
    expect(screen.sent.join('').replace(emptyScreen, '')).not.toContain('?');
    await new Promise<void>(resolve => ink.write('', () => resolve()));
  });

  test('lies over our own lines, which show through its blanks', async () => {
    const { screen, output, ink } = open();
    output.show(['Name: [          ]', '王王王']);
    ink.write('       Ada\u001b[7m \u001b[27m\n x');
    await Promise.resolve();
    expect(await textOf(screen.terminal)).toBe('Name: [Ada       ]\n x王王');
    expect(screen.sent).toHaveLength(1);
  });
});

describe('the terminal', () => {
  const until = async (check: () => boolean): Promise<void> => {
    while (!check()) await new Promise(resolve => setTimeout(resolve, 5));
  };

  test('200 sizes in a second end in one right frame of the last', async () => {
    const { screen, output, ink } = open({ columns: 80, rows: 24 });
    const sizes: string[] = [];
    const draw = (): void => {
      sizes.push(`${ink.columns}x${ink.rows}`);
      output.show(Array.from({ length: ink.rows }, (_, y) => `${y} ${'='.repeat(ink.columns - 4)}`));
    };
    ink.on('resize', draw);
    draw();
    for (let step = 1; step <= 200; step++) {
      screen.resize(80 + Math.round(step * 1.1), 24 + Math.round(step * 0.38));
      if (step % 4 === 0) await new Promise(resolve => setTimeout(resolve, 20));
    }
    await until(() => sizes.at(-1) === '300x100');
    await new Promise(resolve => setImmediate(resolve));
    expect(await textOf(screen.terminal)).toBe(Array.from({ length: 100 }, (_, y) => `${y} ${'='.repeat(296)}`).join('\n'));
    expect(sizes.length).toBeLessThan(60);
  });

  test('a terminal that does not read gets the newest frame when it reads again', async () => {
    const { screen, output } = open();
    screen.accepts = false;
    for (const word of ['one', 'two', 'three']) {
      output.show([word]);
      await Promise.resolve();
    }
    expect(screen.sent).toHaveLength(1);
    screen.accepts = true;
    screen.emit('drain');
    expect(screen.sent).toHaveLength(2);
    expect(await textOf(screen.terminal)).toBe('three');
  });

  test('asleep it is silent; awake it draws all, and so does a repaint over foreign text', async () => {
    const { screen, output } = open();
    output.show(['one']);
    await Promise.resolve();
    output.sleep();
    screen.terminal.write('\u001b[2;5Hrubbish');
    output.show(['two']);
    await Promise.resolve();
    expect(await textOf(screen.terminal)).toBe('one\n    rubbish');
    output.wake();
    expect(await textOf(screen.terminal)).toBe('two');
    screen.terminal.write('\u001b[2;5Hrubbish');
    output.repaint();
    expect(await textOf(screen.terminal)).toBe('two');
  });
});
