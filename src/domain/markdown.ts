import { safe } from './safe-text.ts';

/** Text of others in Markdown: nothing in it is a mark, a link or HTML, and it stays on its line. */
export const escaped = (text: string): string =>
  safe(text, { max: 2_000 })
    .replaceAll(/[\\`*_{}[\]()#+!|~-]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

/** A table; what stands in its cells is escaped already. */
export const markdownTable = (titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${titles.join(' | ')} |`,
  `|${titles.map(() => '---').join('|')}|`,
  ...rows.map(row => `| ${row.join(' | ')} |`),
];

/** A heading with what belongs under it; nothing where nothing does. */
export const markdownSection = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
