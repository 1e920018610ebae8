import { encode } from 'uqr';

/** Light modules around the code, without which readers do not find it (ISO/IEC 18004). */
const quietZone = 4;

/** Black on white of the fixed colour cube: the first sixteen colours belong to the person's theme. */
const blackOnWhite = '\u001b[38;5;16;48;5;231m';
const blackOnBlack = '\u001b[38;5;16;48;5;16m';
const reset = '\u001b[0m';

export type QrLook = {
  /** For terminals that draw no block characters: two columns a module instead of two modules a character. */
  readonly ascii?: boolean;
  /** False under NO_COLOR. Then ink is taken to be light, as on most terminals; readers that know both ways read it on paper too. */
  readonly colours?: boolean;
};

/** Whether a module is dark; what lies outside the code is light. */
type IsDark = (x: number, y: number) => boolean;

const blocks = [' ', '▄', '▀', '█'] as const;

const blockLine = (isInk: IsDark, width: number, y: number): string =>
  Array.from({ length: width }, (_, x) => blocks[(isInk(x, y) ? 2 : 0) + (isInk(x, y + 1) ? 1 : 0)]).join('');

/** Signs leave gaps between their strokes, so with colours they are filled up from behind. */
const asciiLine = (isInk: IsDark, width: number, y: number, colours: boolean): string => {
  const line = Array.from({ length: width }, (_, x) => (isInk(x, y) ? '##' : '  ')).join('');
  return colours ? line.replaceAll(/#+/g, run => `${blackOnBlack}${run}${blackOnWhite}`) : line;
};

/** A text as a QR code of lines for a terminal, dark on light whatever its theme. */
export const qrLines = (text: string, { ascii = false, colours = true }: QrLook = {}): string[] => {
  const { data, size } = encode(text, { ecc: 'L', border: 0 });
  const width = size + 2 * quietZone;
  const isDark: IsDark = (x, y) => data[y - quietZone]?.[x - quietZone] ?? false;
  const isInk: IsDark = (x, y) => isDark(x, y) === colours;
  const lines = ascii
    ? Array.from({ length: width }, (_, y) => asciiLine(isInk, width, y, colours))
    : Array.from({ length: Math.ceil(width / 2) }, (_, row) => blockLine(isInk, width, 2 * row));
  return colours ? lines.map(line => `${blackOnWhite}${line}${reset}`) : lines;
};
