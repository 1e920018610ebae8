import { columnsOf, safe } from '../../domain/safe-text.ts';
import type { Preview } from '../../kit/request.ts';
import type { BulkPreview } from '../../kit/run-bulk.ts';
import { clearIds } from '../state/confirm.ts';
import type { ConfirmState } from '../state/types.ts';
import { paint, within } from '../theme.ts';
import { rule } from './rule.ts';
import { scrolledTo, type Scrolled } from './scroll.ts';
import { tableLines } from './small-table.tsx';
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

const evidenceLines = ({ evidence }: Preview, width: number): readonly string[] =>
  evidence
    .filter(({ table }) => table.rows.length > 0)
    .flatMap(({ title, table }) => [
      '',
      paint(within(`  ${safe(title, { max: 100 })}`, width), 'title'),
      ...tableLines(table, width - 2).map(line => `  ${line}`),
    ]);

/** What will happen, what speaks against it, and what that rests on. */
const bodyLines = ({ confirm, width }: Room): readonly string[] => [
  ...(confirm.preview ? [...previewLines(confirm.preview, width), ...evidenceLines(confirm.preview, width)] : []),
  ...(confirm.bulk ? bulkLines(confirm, confirm.bulk, width) : []),
];

type Room = { readonly confirm: ConfirmState; readonly width: number };

/** Lines of a confirmation that do not scroll: its rule, a blank one, the words to type, the buttons. */
const frameLines = ({ words }: ConfirmState): number => (words === '' ? 3 : 4);

/** The label of the field for the words. */
export const wordsLabel = ({ words }: ConfirmState, width: number): string => {
  const label = `  Type ${safe(words, { max: 80 })} to confirm:`;
  return columnsOf(label) > width - 12 ? '  Type it:' : label;
};

/** The two buttons. Confirm is grey until it works. */
const buttons = (confirm: ConfirmState, now: number, width: number): string => {
  if (confirm.waiting) return paint('  doing it ...', 'info');
  const isArmed = now >= confirm.armedAt && confirm.typed.trim() === confirm.words;
  const name = `[ ${safe(confirm.form.title, { max: 40 })} ]`;
  const cancel = paint('[ Cancel ]', confirm.focus === 'cancel' ? 'cursor' : 'plain');
  const yes = paint(name, confirm.focus === 'confirm' ? 'cursor' : isArmed ? 'plain' : 'dim');
  const why = confirm.focus === 'confirm' && !isArmed && confirm.words !== '' ? paint('  after the words are typed', 'dim') : '';
  return within(`  ${cancel}  ${yes}${why}`, width);
};

/** Lines a confirmation takes when nothing is left out. */
export const confirmHeight = (confirm: ConfirmState, width: number): number => frameLines(confirm) + bodyLines({ confirm, width }).length;

/** Lines that stay: the words to type, the buttons. */
const endLines = ({ words }: ConfirmState): number => (words === '' ? 1 : 2);

const partOf = (confirm: ConfirmState, width: number, height: number): Scrolled =>
  scrolledTo(bodyLines({ confirm, width }), confirm.scroll, Math.max(0, height - endLines(confirm) - 2));

/** How far a confirmation is really scrolled: not beyond its end. */
export const confirmScroll = (confirm: ConfirmState, width: number, height: number): number => partOf(confirm, width, height).from;

/** What will happen, and the last chance to say no. The focus starts on Cancel. The line before the last is left to the field. */
export const confirmLines = (confirm: ConfirmState, now: number, width: number, height: number): readonly string[] => {
  const { form, words } = confirm;
  const end = [...(words === '' ? [] : ['']), buttons(confirm, now, width)];
  if (height <= end.length) return end.slice(-height);
  const title = rule([form.title, form.label].filter(Boolean).join(' '), width);
  const { shown, below } = partOf(confirm, width, height);
  const more = below > 0 ? paint(`  ${below} more lines, ${words === '' ? 'j' : 'Down'} scrolls`, 'dim') : '';
  return [title, ...shown, ...(height > end.length + 1 ? [more] : []), ...end];
};
