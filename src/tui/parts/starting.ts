import { safe } from '../../domain/safe-text.ts';
import { paint } from '../theme.ts';
import { wrap } from './wrap.ts';

const centred = (lines: readonly string[], width: number, height: number): readonly string[] => [
  ...Array.from({ length: Math.max(0, Math.floor((height - lines.length) / 2.5)) }, () => ''),
  ...lines.map(line => ' '.repeat(Math.max(0, Math.floor((width - line.length) / 2))) + line),
];

/** Before the database has answered: the name, and what it is busy with. */
export const startingLines = (step: string, width: number, height: number): readonly string[] => {
  const busy = wrap(safe(step, { max: 400 }), Math.max(10, Math.min(70, width - 2)));
  const lines = ['B U R S A R', 'the operations console', '', ...busy];
  const placed = centred(lines, width, height);
  const title = placed.findIndex(line => line.includes('B U R S A R'));
  const all = placed.map((line, index) => (index === title ? paint(line, 'title') : index === title + 1 ? paint(line, 'dim') : line));
  return Array.from({ length: height }, (_, index) => all[index] ?? '');
};
