import { commandsShown } from '../domain/run.ts';
import type { DetailLine } from './define-resource.ts';

/** Lines of a log or a script, set off so that nobody takes them for the console's own words. */
export const gutter = (lines: readonly string[]): readonly DetailLine[] => lines.map(line => ['|', line] as const);

/** Commands as lines of a detail, every word that runs: `1. db1: bursar …`, then each script once. `about` is what stands before the command. */
export const commandLines = (steps: readonly { readonly about: string; readonly words: readonly string[] }[]): readonly DetailLine[] => {
  const { commands, scripts, notes } = commandsShown(steps.map(({ words }) => words));
  return [
    ...steps.map(({ about }, index): DetailLine => [`${index + 1}.`, `${about}: ${commands[index] ?? ''}`]),
    ...notes.map((note): DetailLine => ['', note]),
    ...scripts.flatMap(({ heading, text }): readonly DetailLine[] => [['', heading, 'dim'], ...gutter(text.split('\n'))]),
  ];
};
