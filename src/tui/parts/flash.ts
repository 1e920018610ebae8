import { safe } from '../../domain/safe-text.ts';
import type { Flash, Line, State } from '../state/types.ts';
import { paint, within, type Ink } from '../theme.ts';

/** The sign is a word of the same width for each tone; nothing else on screen begins a line with it. */
const signs: Readonly<Record<Flash['tone'], readonly [sign: string, ink: Ink]>> = {
  good: ['[ok]', 'good'],
  info: ['[--]', 'info'],
  warn: ['[!!]', 'warn'],
  bad: ['[no]', 'bad'],
};

const told = ({ tone, text, next }: Flash, width: number): string => {
  const [sign, ink] = signs[tone];
  const line = `${sign} ${safe(text, { max: 600 })}`;
  return within(next === undefined ? paint(line, ink) : `${paint(line, ink)}  ${safe(next, { max: 200 })}`, width);
};

/** What differs from what is typed already: the last word. */
const completionsLine = (line: Line, width: number): string => {
  const from = line.text.lastIndexOf(' ') + 1;
  const words = line.completions.map((text, index) => {
    const word = safe(line.chosen < 0 ? text.slice(from) : text.slice(text.lastIndexOf(' ') + 1), { max: 40 });
    return index === line.chosen ? paint(word, 'cursor') : word;
  });
  const first = Math.max(0, line.chosen - 3);
  return words.length === 0 ? '' : within(`${paint('Tab', 'dim')}  ${words.slice(first).join('  ')}`, width);
};

/** The line under the list: what came of the last key, or what a line that is being typed can become. */
export const flashLine = (state: State, width: number): string => {
  const { mode, flash } = state;
  if (mode.kind === 'filter' || mode.kind === 'command') {
    const { error, next } = mode.line;
    return error === undefined
      ? completionsLine(mode.line, width)
      : told({ tone: 'bad', text: error, ...(next === undefined ? {} : { next }) }, width);
  }
  return flash ? told(flash, width) : '';
};
