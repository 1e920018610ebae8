import { markLookAlike } from '../domain/look-alike.ts';
import { columnsOf, fit, safe } from '../domain/safe-text.ts';
import type { Tone } from '../kit/define-resource.ts';

/** SGR parameters by meaning. Only the eight named colours: they follow the person's own light or dark palette. */
const codes = {
  plain: '',
  good: '32',
  info: '36',
  warn: '33',
  bad: '31;1',
  dim: '2',
  title: '1',
  cursor: '7',
  alarm: '41;97;1',
  calm: '44;97;1',
} as const;

export type Ink = keyof typeof codes;

/** Paints text that is already safe; the terminal layer drops colours where there are none. */
export const paint = (text: string, ink: Ink): string =>
  codes[ink] === '' || text === '' ? text : `\u001B[${codes[ink]}m${text}\u001B[0m`;

// oxlint-disable-next-line no-control-regex -- our own colours, nothing else has them
const colours = /\u001B\[[0-9;]*m/g;

/** The text without our own colours: what a person reads, and what is counted. */
export const unpainted = (line: string): string => line.replaceAll(colours, '');

/** Makes text from outside safe, marks names that can be mistaken for others, cuts or pads it to a width, and paints it. */
export const cell = (text: string, width: number, tone: Tone = 'plain', align: 'left' | 'right' = 'left'): string =>
  width <= 0 ? '' : paint(fit(markLookAlike(safe(text, { max: width * 4 })), width, align), tone);

/** Painted text of at most `width` columns; what is too long loses its colours with its end. */
export const within = (line: string, width: number): string => {
  const plain = unpainted(line);
  return columnsOf(plain) <= width ? line : fit(plain, width);
};

/** Pads a painted line to a width, or cuts it. */
export const padded = (line: string, width: number): string => {
  const used = columnsOf(unpainted(line));
  return used > width ? fit(unpainted(line), width) : line + ' '.repeat(width - used);
};

/** Something on the left, something on the right; on a narrow line the right goes first. */
export const bothEnds = (left: string, right: string, width: number): string => {
  const rightWidth = columnsOf(unpainted(right));
  const room = width - rightWidth - 2;
  if (right === '' || room < Math.min(columnsOf(unpainted(left)), 12)) return within(left, width);
  return `${padded(left, room)}  ${right}`;
};
