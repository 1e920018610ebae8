import { renderToString, Text } from 'ink';
import Table from 'ink-table';
import { markLookAlike } from '../../domain/look-alike.ts';
import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { SmallTable } from '../../kit/define-resource.ts';
import { paint } from '../theme.ts';

const gap = '  ';
const narrowest = 6;
const longestCell = 200;

const textOf = (text: string | undefined): string => markLookAlike(safe(text ?? '', { max: longestCell }));

/** How wide each column may be: its widest cell; where there is no room for all, the last columns give way first. */
const widthsOf = (content: SmallTable, width: number): readonly number[] => {
  const natural = content.columns.map((title, index) =>
    Math.max(columnsOf(title), ...content.rows.map(row => columnsOf(textOf(row[index])))),
  );
  let surplus = natural.reduce((sum, each) => sum + each + gap.length, -gap.length) - width;
  return natural
    .toReversed()
    .map(each => {
      const given = Math.max(0, Math.min(surplus, each - narrowest));
      surplus -= given;
      return each - given;
    })
    .toReversed();
};

/** ink-table rules off every row, which takes twice the lines: only the bars between cells are kept, as blanks. */
const Skeleton = ({ children }: { readonly children: string }) => (children === '│' ? <Text>{gap}</Text> : undefined);

/** Small tables that stand still: evidence, details, reports. Live lists have their own. */
const draw = (content: SmallTable, width: number): readonly string[] => {
  const widths = widthsOf(content, width);
  // ink-table counts characters, terminals count columns: cells are fitted here
  const fitted = (text: string, column: number) =>
    fit(text.trim(), widths[column] ?? 0, content.figures?.includes(column) ? 'right' : 'left');
  const data = content.rows.map(row => Object.fromEntries(content.columns.map((title, index) => [title, textOf(row[index])])));
  const drawn = renderToString(
    <Table
      data={data}
      columns={[...content.columns]}
      skeleton={Skeleton}
      header={({ children, column }) => <Text>{paint(fitted(children, column), 'dim')}</Text>}
      cell={({ children, column }) => <Text>{fitted(children, column)}</Text>}
    />,
    { columns: width + 2 * gap.length },
  );
  return drawn.split('\n').map(line => line.slice(gap.length));
};

const known = new WeakMap<SmallTable, { readonly width: number; readonly lines: readonly string[] }>();

/** The lines of a small table, at most `width` columns wide. Not to be called while React renders: it renders itself. */
export const tableLines = (content: SmallTable, width: number): readonly string[] => {
  const before = known.get(content);
  if (before?.width === width) return before.lines;
  const lines = content.rows.length === 0 ? [paint('none', 'dim')] : draw(content, width);
  known.set(content, { width, lines });
  return lines;
};
