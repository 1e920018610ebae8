import { safe } from '../domain/safe-text.ts';
import type { Preview } from '../kit/request.ts';
import { smallTable } from './table.ts';

/** What an action would do, as lines to read before one says yes. */
export const previewLines = ({ title, target, lines, evidence, doubts, irreversible }: Preview): readonly string[] => [
  `${title}: ${safe(target.label)}`,
  ...lines.map(line => `  ${safe(line)}`),
  ...evidence.flatMap(({ title: what, table }) => [`  ${safe(what)}`, ...smallTable(table).map(line => `    ${line}`)]),
  ...doubts.map(doubt => `  NOT CLEAR: ${safe(doubt)}`),
  ...(irreversible === undefined ? [] : [`  ${safe(irreversible)}`]),
];
