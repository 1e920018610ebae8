import { Box } from 'ink';
import { safe } from '../../domain/safe-text.ts';
import type { Preview } from '../../kit/request.ts';
import type { BulkPreview } from '../../kit/run-bulk.ts';
import type { ConfirmState } from '../state/types.ts';
import { paint } from '../theme.ts';
import { wrap } from './detail.ts';
import { Dialog } from './dialog.tsx';
import { Lines } from './lines.tsx';
import { SmallTable, smallTableHeight } from './small-table.tsx';
import { TextField } from './text-field.tsx';

const bullet = (text: string, width: number, sign: string): readonly string[] =>
  wrap(safe(text, { max: 600 }), width - 4).map((line, index) => `  ${index === 0 ? sign : ' '} ${line}`);

const previewLines = (preview: Preview, width: number): readonly string[] => [
  ...preview.lines.flatMap(line => bullet(line, width, '-')),
  ...preview.doubts.flatMap(line => bullet(`speaks against it: ${line}`, width, '!').map(each => paint(each, 'warn'))),
  ...(preview.irreversible === undefined ? [] : bullet(preview.irreversible, width, '!').map(each => paint(each, 'bad'))),
  ...(preview.eyes === 2
    ? bullet('takes a second person once operators sign in; alone until then', width, '!').map(each => paint(each, 'warn'))
    : []),
];

const bulkLines = (bulk: BulkPreview, hidden: number, width: number): readonly string[] => {
  const doubtful = bulk.previews.filter(preview => preview.doubts.length > 0);
  const all = bulk.previews.length + bulk.refused.length + bulk.unseen;
  const [first] = bulk.previews;
  return [
    ...bullet(
      `${all} records${hidden > 0 ? `, ${hidden} of them hidden by the filter` : ''}: one is done first, then you are asked again`,
      width,
      '-',
    ),
    ...bullet(
      `${bulk.previews.length - doubtful.length} are clear, ${doubtful.length} have something against them, ${bulk.refused.length} will be refused`,
      width,
      '-',
    ),
    ...(bulk.unseen > 0 ? bullet(`${bulk.unseen} more are looked at when their turn comes`, width, '-') : []),
    ...(first ? bullet(`the first: ${first.lines[0] ?? ''}`, width, '-') : []),
    ...doubtful
      .slice(0, 6)
      .flatMap(preview => bullet(`${preview.target.label}: ${preview.doubts.join('; ')}`, width, '!').map(line => paint(line, 'warn'))),
    ...bulk.refused.slice(0, 6).flatMap(refused => bullet(refused.message, width, 'x').map(line => paint(line, 'bad'))),
  ];
};

const linesOf = (confirm: ConfirmState, width: number): readonly string[] => [
  ...(confirm.preview ? previewLines(confirm.preview, width) : []),
  ...(confirm.bulk ? bulkLines(confirm.bulk, confirm.form.hiddenByFilter, width) : []),
];

const tablesOf = (confirm: ConfirmState) => (confirm.preview?.evidence ?? []).filter(({ table }) => table.rows.length > 0);

/** Lines a confirmation takes when nothing is left out. */
export const confirmHeight = (confirm: ConfirmState, width: number): number =>
  1 +
  linesOf(confirm, width).length +
  tablesOf(confirm).reduce((sum, { table }) => sum + 1 + smallTableHeight(table), 0) +
  (confirm.words === '' ? 0 : 1) +
  2;

const buttons = (confirm: ConfirmState, now: number): string => {
  if (confirm.waiting) return paint('  doing it ...', 'info');
  const armed = now >= confirm.armedAt && (confirm.words === '' || confirm.typed === confirm.words);
  const button = (name: string, focused: boolean) => (focused ? paint(`[ ${name} ]`, 'cursor') : `[ ${name} ]`);
  const confirmButton = armed ? button('Confirm', confirm.focus === 'confirm') : paint('[ Confirm ]', 'dim');
  return `  ${button('Cancel', confirm.focus === 'cancel')}  ${confirmButton}  ${paint('Tab or arrows choose, Enter presses, Esc goes back', 'dim')}`;
};

type ConfirmProps = {
  readonly confirm: ConfirmState;
  readonly now: number;
  readonly width: number;
  readonly height: number;
  readonly onText: (text: string) => void;
};

/** What will happen, and the last chance to say no. The focus starts on Cancel. */
export const Confirm = ({ confirm, now, width, height, onText }: ConfirmProps) => {
  const lines = linesOf(confirm, width);
  const below = (confirm.words === '' ? 0 : 1) + 2;
  const room = Math.max(1, height - 1 - below);
  const tables = tablesOf(confirm);
  const scroll = Math.max(0, Math.min(confirm.scroll, confirmHeight(confirm, width) - height));
  return (
    <Dialog title={[confirm.form.title, confirm.form.label].filter(Boolean).join(' ')} width={width} height={height}>
      <Box height={room} overflow="hidden" flexShrink={0} flexDirection="column">
        <Box marginTop={-scroll} flexDirection="column" flexShrink={0}>
          <Lines lines={lines} height={lines.length} />
          {tables.map(({ title, table }) => (
            <Box key={title} flexDirection="column" flexShrink={0}>
              <Lines lines={[paint(`  ${safe(title)}`, 'title')]} height={1} />
              <SmallTable content={table} width={width} />
            </Box>
          ))}
        </Box>
      </Box>
      {confirm.words !== '' && (
        <TextField
          label={`  Type ${safe(confirm.words, { max: 40 })} to confirm:`}
          value={confirm.typed}
          onText={onText}
          focused={confirm.focus === 'words'}
        />
      )}
      <Lines lines={['', buttons(confirm, now)]} height={2} />
    </Dialog>
  );
};
