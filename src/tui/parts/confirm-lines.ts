import { safe } from '../../domain/safe-text.ts';
import type { Preview } from '../../kit/request.ts';
import type { BulkPreview } from '../../kit/run-bulk.ts';
import { clearIds } from '../state/confirm.ts';
import type { ConfirmState } from '../state/types.ts';
import { paint, within } from '../theme.ts';
import { smallTableHeight } from './small-table.tsx';
import { point } from './wrap.ts';

/** Of each kind of doubtful or refused record, so many are named before the rest is counted. */
const mostNamed = 6;

const previewLines = (preview: Preview, width: number): readonly string[] => [
  ...preview.lines.flatMap(line => point(line, width)),
  ...preview.doubts.flatMap(line => point(`speaks against it: ${line}`, width, '!', 'warn')),
  ...(preview.irreversible === undefined ? [] : point(preview.irreversible, width, '!', 'bad')),
  ...(preview.eyes === 2 ? point('takes a second person once operators sign in; alone until then', width, '!', 'warn') : []),
];

const named = (lines: readonly string[], width: number, sign: string, ink: 'warn' | 'bad'): readonly string[] => [
  ...lines.slice(0, mostNamed).flatMap(line => point(line, width, sign, ink)),
  ...(lines.length > mostNamed ? point(`and ${lines.length - mostNamed} more`, width, sign, ink) : []),
];

const bulkLines = (confirm: ConfirmState, bulk: BulkPreview, width: number): readonly string[] => {
  const doubtful = bulk.previews.filter(preview => preview.doubts.length > 0);
  const all = bulk.previews.length + bulk.refused.length + bulk.unseen;
  const now = clearIds(confirm, doubtful.length > 0).length;
  const hidden = confirm.form.hiddenByFilter;
  const [first] = bulk.previews;
  return [
    ...point(`${all.toLocaleString('en')} records are meant${hidden > 0 ? `, ${hidden} of them hidden by the filter` : ''}`, width),
    ...point(`${now.toLocaleString('en')} will be done: one first, then you are asked again, then the others one by one`, width),
    ...(bulk.unseen > 0 ? point(`${bulk.unseen.toLocaleString('en')} of them are looked at only when their turn comes`, width) : []),
    ...(doubtful.length > 0 ? point(`${doubtful.length} have something against them and are left for a decision of their own`, width) : []),
    ...(bulk.refused.length > 0 ? point(`${bulk.refused.length} cannot have it`, width) : []),
    ...(first ? point(`for example: ${first.lines[0] ?? ''}`, width) : []),
    ...named(
      doubtful.map(preview => `${preview.target.label}: ${preview.doubts.join('; ')}`),
      width,
      '!',
      'warn',
    ),
    ...named(
      bulk.refused.map(refused => refused.message),
      width,
      'x',
      'bad',
    ),
  ];
};

/** What will happen, and what speaks against it. */
export const confirmLines = (confirm: ConfirmState, width: number): readonly string[] => [
  ...(confirm.preview ? previewLines(confirm.preview, width) : []),
  ...(confirm.bulk ? bulkLines(confirm, confirm.bulk, width) : []),
];

/** The evidence that has anything in it. */
export const confirmTables = (confirm: ConfirmState): Preview['evidence'] =>
  (confirm.preview?.evidence ?? []).filter(({ table }) => table.rows.length > 0);

/** Lines under what scrolls: the words to type, a blank one, the buttons. */
export const confirmEnd = (confirm: ConfirmState): number => (confirm.words === '' ? 2 : 3);

/** Lines of what scrolls. */
export const confirmBody = (confirm: ConfirmState, width: number): number =>
  confirmLines(confirm, width).length + confirmTables(confirm).reduce((sum, { table }) => sum + 1 + smallTableHeight(table), 0);

/** Lines a confirmation takes when nothing is left out. */
export const confirmHeight = (confirm: ConfirmState, width: number): number => 1 + confirmBody(confirm, width) + confirmEnd(confirm);

/** The two buttons. Confirm is grey until it works. */
export const confirmButtons = (confirm: ConfirmState, now: number, width: number): string => {
  if (confirm.waiting) return paint('  doing it ...', 'info');
  const isArmed = now >= confirm.armedAt && confirm.typed.trim() === confirm.words;
  const button = (name: string, isFocused: boolean) => (isFocused ? paint(`[ ${name} ]`, 'cursor') : `[ ${name} ]`);
  const name = safe(confirm.form.title, { max: 40 });
  const yes = isArmed ? button(name, confirm.focus === 'confirm') : paint(`[ ${name} ]`, confirm.focus === 'confirm' ? 'cursor' : 'dim');
  return within(`  ${button('Cancel', confirm.focus === 'cancel')}  ${yes}`, width);
};
