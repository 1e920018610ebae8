import { stripVTControlCharacters } from 'node:util';
import xterm from '@xterm/headless';
import jsQR from 'jsqr';
import { describe, expect, test } from 'vitest';
import { qrLines } from '../../src/cli/qr.ts';
import { otpauthUri } from '../../src/domain/totp.ts';

const uri = otpauthUri({ issuer: 'Bursar', account: 'ada', seed: Buffer.from('12345678901234567890') });
const longest = otpauthUri({ issuer: 'Bursar production eu-1', account: 'a'.repeat(63), seed: Buffer.from('12345678901234567890') });

/** Brightness of a terminal's own colours. */
type Theme = { readonly ink: number; readonly ground: number };
const themes = { dark: { ink: 200, ground: 20 }, light: { ink: 40, ground: 250 }, odd: { ink: 90, ground: 110 } };

/** Pixels of a character cell, twice as high as wide as in most fonts. */
const cell = { width: 8, height: 16 };

/** How much of a pixel a sign covers. From where a code is scanned, a sign of strokes is as grey as its share of ink. */
const covers: Readonly<Record<string, (y: number) => number>> = {
  ' ': () => 0,
  '█': () => 1,
  '▀': y => (y < cell.height / 2 ? 1 : 0),
  '▄': y => (y < cell.height / 2 ? 0 : 1),
  '#': () => 0.5,
};

/** The fixed colour cube: 16 is its black, 231 its white. */
const brightness = (isDefault: boolean, colour: number, otherwise: number): number => {
  if (isDefault) return otherwise;
  expect([16, 231]).toContain(colour);
  return colour === 16 ? 0 : 255;
};

const cellsOf = ({ rows, cols }: xterm.Terminal): (readonly [number, number])[] =>
  Array.from({ length: rows * cols }, (_, index) => [Math.floor(index / cols), index % cols] as const);

const widthOf = (line: string | undefined): number => stripVTControlCharacters(line ?? '').length;

/** What a camera sees of the lines on a terminal: every cell as it is painted. */
const photograph = async (lines: readonly string[], theme: Theme) => {
  const screen = new xterm.Terminal({ cols: widthOf(lines[0]) + 4, rows: lines.length + 2, allowProposedApi: true, convertEol: true });
  await new Promise<void>(written => screen.write(lines.join('\n'), written));
  const [width, height] = [screen.cols * cell.width, screen.rows * cell.height];
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (const [row, column] of cellsOf(screen)) {
    const found = screen.buffer.active.getLine(row)?.getCell(column);
    const coverage = covers[found?.getChars() || ' '];
    if (!found || !coverage) throw new Error(`the code is drawn with ${found?.getChars()}`);
    const ink = brightness(found.isFgDefault(), found.getFgColor(), theme.ink);
    const ground = brightness(found.isBgDefault(), found.getBgColor(), theme.ground);
    for (let y = 0; y < cell.height; y++) {
      const grey = ground + (ink - ground) * coverage(y);
      const at = (row * cell.height + y) * width + column * cell.width;
      // red, green and blue; opaque as it is
      for (let x = at; x < at + cell.width; x++) pixels.fill(grey, x * 4, x * 4 + 3);
    }
  }
  return { pixels, width, height };
};

/** `dontInvert`: a reader that knows only dark on light. */
const readBy = async (lines: readonly string[], theme: Theme): Promise<string | undefined> => {
  const { pixels, width, height } = await photograph(lines, theme);
  return jsQR.default(pixels, width, height, { inversionAttempts: 'dontInvert' })?.data;
};

describe.each([
  ['blocks', { ascii: false }],
  ['signs', { ascii: true }],
])('a code drawn with %s', (_kind, look) => {
  test.each(Object.entries(themes))('is read from a %s terminal', async (_name, theme) => {
    expect(await readBy(qrLines(uri, look), theme)).toBe(uri);
  });

  test('is read without colours where ink is light', async () => {
    const lines = qrLines(uri, { ...look, colours: false });
    expect(lines.join('')).not.toContain('\u001b');
    expect(await readBy(lines, themes.dark)).toBe(uri);
  });

  test('is read for the longest names', async () => {
    expect(await readBy(qrLines(longest, look), themes.dark)).toBe(longest);
  });

  test('colours nothing but itself, and its lines are equally wide', () => {
    const lines = qrLines(uri, look);
    for (const line of lines) {
      expect(line.startsWith('\u001b[38;5;16;48;5;231m')).toBe(true);
      expect(line.endsWith('\u001b[0m')).toBe(true);
      expect(widthOf(line)).toBe(widthOf(lines[0]));
    }
  });
});

test('the drawing is for a terminal of 80 columns and 24 lines', () => {
  const lines = qrLines(uri);
  expect(lines.length).toBeLessThanOrEqual(23);
  expect(widthOf(lines[0])).toBeLessThanOrEqual(80);
});

test('a wrong drawing is found', async () => {
  const lines = qrLines(uri);
  expect(await readBy(lines.toReversed(), themes.dark)).toBeUndefined();
  expect(
    await readBy(
      lines.map(line => line.replaceAll('▀', '▄')),
      themes.dark,
    ),
  ).toBeUndefined();
});
