import { actions, resources } from '../../src/resources/registry.ts';
import { rowsFor } from '../../src/tui/keys.ts';
import { contextTitles, shownKeys } from '../../src/tui/parts/key-names.ts';
import type { Context } from '../../src/tui/state/context.ts';

const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text.replaceAll('|', '\\|')}\``);

const table = (head: readonly [string, string], rows: readonly (readonly [string, string])[]): string =>
  [`| ${head[0]} | ${head[1]} |`, '|---|---|', ...rows.map(([key, meaning]) => `| ${key} | ${meaning.replaceAll('|', '\\|')} |`)].join(
    '\n',
  );

const keysIn = (context: Context): string =>
  table(
    ['key', 'meaning'],
    rowsFor(context).map(({ keys, long }) => [shownKeys(keys).map(code).join(' '), long]),
  );

const titleOf = (action: string): string => actions.find(candidate => candidate.id === action)?.title ?? action;

const actionTables = resources.flatMap(({ title, actions: own, general = {} }) => {
  const rows = Object.entries({ ...own, ...general }).map(([key, { action }]) => [code(`x ${key}`), titleOf(action)] as const);
  return rows.length === 0 ? [] : [`### ${title}\n\n${table(['keys', 'action'], rows)}`];
});

/** docs/keys.md: every key of the full screen, by what has the focus, and every action behind `x`. */
export const cheatSheet = (): string =>
  [
    '# Keys',
    'Made by `npm run keys` from `src/tui/keys.ts` and the panes; do not edit. In the console `?` shows the keys of whatever has the focus.',
    'Moving never changes anything: every change is behind `x` or `z`, is shown before it happens, and is confirmed.',
    ...(Object.keys(contextTitles) as Context[]).map(context => `## In ${contextTitles[context]}\n\n${keysIn(context)}`),
    '## Actions',
    'On the record under the cursor, or on the marked ones.',
    ...actionTables,
  ].join('\n\n') + '\n';
