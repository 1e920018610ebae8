import { fit, safe } from '../domain/safe-text.ts';
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

/** Makes text from outside safe, cuts or pads it to a width, and paints it. */
export const cell = (text: string, width: number, tone: Tone = 'plain', align: 'left' | 'right' = 'left'): string =>
  width <= 0 ? '' : paint(fit(safe(text, { max: width * 4 }), width, align), tone);
