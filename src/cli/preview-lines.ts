import { partsOfLine } from '../domain/run.ts';
import { longestCommand, safe } from '../domain/safe-text.ts';
import type { Preview } from '../kit/request.ts';
import { smallTable } from './table.ts';

/** A line as it stands, however long: who reads it agrees to every word of it. */
const lineText = (line: string): readonly string[] => {
  const { head, script } = partsOfLine(line);
  return [head, ...script.map(text => `  | ${text}`)].map(text => `  ${safe(text, { max: longestCommand })}`.trimEnd());
};

/** What an action would do, as lines to read before one says yes. */
export const previewLines = ({ title, target, lines, evidence, doubts, irreversible }: Preview): readonly string[] => [
  `${title}: ${safe(target.label)}`,
  ...lines.flatMap(lineText),
  ...evidence.flatMap(({ title: what, table }) => [`  ${safe(what)}`, ...smallTable(table).map(line => `    ${line}`)]),
  ...doubts.map(doubt => `  NOT CLEAR: ${safe(doubt)}`),
  ...(irreversible === undefined ? [] : [`  ${safe(irreversible)}`]),
];
