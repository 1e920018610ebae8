/** One capability of one guide; a refused one is covered by a test that proves the refusal. */
export type Row = { readonly id: string; readonly guide: string; readonly isRefused: boolean };

/** The rows of docs/GUIDES.md: a heading per guide, a table row per capability. */
export const rowsOf = (markdown: string): readonly Row[] => {
  let guide = '';
  const rows: Row[] = [];
  for (const line of markdown.split('\n')) {
    guide = /^## (.+)$/.exec(line)?.[1] ?? guide;
    const [, id, text = ''] = /^\| ([A-Z]\d+) +\| (.+?) +\|$/.exec(line) ?? [];
    if (id) rows.push({ id, guide, isRefused: text.endsWith('(refused)') });
  }
  return rows;
};

/** The titles of a test file's tests; a skipped or planned test proves nothing and is left out. */
export const titlesOf = (source: string): readonly string[] => {
  const calls = source.matchAll(
    /^[ \t]*(?:test|it)(?<kind>(?:\.\w+)*)\s*(?:\([^)]*\)\s*)?\(\s*(?<quote>['"`])(?<title>.*?)(?<!\\)\k<quote>/gm,
  );
  return [...calls]
    .filter(({ groups }) => !/\.(?:skip|todo|fails)(?:\.|$)/.test(groups?.['kind'] ?? ''))
    .map(({ groups }) => groups?.['title'] ?? '');
};

/** The ids at the beginning of a title: "D10 …", "D10, D11: …". */
const idsOf = (title: string): readonly string[] => /^(?:[A-Z]\d+(?:,\s*)?)+(?=[\s:])/.exec(title)?.[0].match(/[A-Z]\d+/g) ?? [];

/** Which rows the titles cover, and the ids in titles that no guide has. */
export const coverageOf = (
  rows: readonly Row[],
  titles: readonly string[],
): { covered: ReadonlySet<string>; unknown: readonly string[] } => {
  const known = new Set(rows.map(row => row.id));
  const named = new Set(titles.flatMap(idsOf));
  return { covered: named.intersection(known), unknown: [...named.difference(known)] };
};
