import { partsOfLine } from '../../domain/run.ts';
import { columnsOf, longestCommand, safe } from '../../domain/safe-text.ts';
import type { Preview } from '../../kit/request.ts';
import type { BulkPreview } from '../../kit/run-bulk.ts';
import { clearIds, isConfirmable } from '../state/confirm.ts';
import { actionOf } from '../state/step.ts';
import type { ConfirmState, State } from '../state/types.ts';
import { paint, within } from '../theme.ts';
import { rule } from './rule.ts';
import { scrolledTo, type Scrolled } from './scroll.ts';
import { tableLines } from './small-table.tsx';
import { point, verbatim } from './wrap.ts';

/** Of each kind of doubtful or refused record, so many are named before the rest is counted. */
const mostNamed = 6;

/** Who decides what this person only asks for. */
const checkerOf = (state: State, confirm: ConfirmState): string =>
  actionOf(state, confirm.form.action)?.checker ?? 'the right to decide it';

const isAsked = ({ preview, bulk }: ConfirmState): boolean =>
  preview ? preview.eyes === 2 : (bulk?.previews.length ?? 0) > 0 && (bulk?.previews.every(({ eyes }) => eyes === 2) ?? false);

/** A line of a preview: whoever agrees to it has read every word of it. */
const saidLines = (line: string, width: number): readonly string[] => {
  const { head, script } = partsOfLine(line);
  return [...point(head, width, '-', 'plain', longestCommand), ...verbatim(script, width)];
};

const previewLines = (state: State, confirm: ConfirmState, preview: Preview, width: number): readonly string[] => [
  ...preview.lines.flatMap(line => saidLines(line, width)),
  ...preview.doubts.flatMap(line => point(`speaks against it: ${line}`, width, '!', 'warn')),
  ...(preview.irreversible === undefined ? [] : point(preview.irreversible, width, '!', 'bad')),
  ...(preview.eyes === 2
    ? point(`takes two people: you ask, and somebody else with ${checkerOf(state, confirm)} decides`, width, '!', 'warn')
    : []),
];

const named = (lines: readonly string[], width: number, sign: string, ink: 'warn' | 'bad'): readonly string[] => [
  ...lines.slice(0, mostNamed).flatMap(line => point(line, width, sign, ink)),
  ...(lines.length > mostNamed ? point(`and ${lines.length - mostNamed} more`, width, sign, ink) : []),
];

/** The records that a yes would be for, as the brain counts them. */
const idsOf = (state: State, confirm: ConfirmState): readonly string[] =>
  clearIds(confirm, actionOf(state, confirm.form.action)?.doubts !== undefined);

const count = (value: number): string => value.toLocaleString('en');

const countLines = (state: State, confirm: ConfirmState, bulk: BulkPreview): readonly string[] => {
  const doubtful = bulk.previews.filter(preview => preview.doubts.length > 0).length;
  const all = bulk.previews.length + bulk.refused.length + bulk.unseen;
  const now = idsOf(state, confirm).length;
  const hidden = confirm.form.hiddenByFilter;
  const asked = bulk.previews.filter(({ eyes }) => eyes === 2).length;
  const left = all - now - doubtful - bulk.refused.length;
  return [
    `${count(all)} records are meant${hidden > 0 ? `, ${count(hidden)} of them hidden by the filter` : ''}`,
    `${count(now)} will be done: one first, then you are asked again, then the others one by one`,
    ...(bulk.unseen > left ? [`${count(bulk.unseen - left)} of them are looked at only when their turn comes`] : []),
    ...(left > 0 ? [`${count(left)} are left out: only the first ${count(all - bulk.unseen)} were looked at`] : []),
    ...(doubtful > 0 ? [`${count(doubtful)} have something against them and are left for a decision of their own`] : []),
    ...(bulk.refused.length > 0 ? [`${count(bulk.refused.length)} cannot have it`] : []),
    ...(asked > 0
      ? [`${count(asked)} take two people: they are asked for, and somebody with ${checkerOf(state, confirm)} decides each`]
      : []),
    ...bulk.previews.slice(0, 1).map(preview => `for example: ${preview.lines[0] ?? ''}`),
  ];
};

const bulkLines = (state: State, confirm: ConfirmState, bulk: BulkPreview, width: number): readonly string[] => {
  const doubtful = bulk.previews.filter(preview => preview.doubts.length > 0);
  const doubts = doubtful.map(preview => `${preview.target.label}: ${preview.doubts.join('; ')}`);
  const refusals = bulk.refused.map(refused => refused.message);
  return [
    ...countLines(state, confirm, bulk).flatMap(line => point(line, width)),
    ...named(doubts, width, '!', 'warn'),
    ...named(refusals, width, 'x', 'bad'),
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
const bodyLines = (state: State, confirm: ConfirmState, width: number): readonly string[] => [
  ...(confirm.preview ? [...previewLines(state, confirm, confirm.preview, width), ...evidenceLines(confirm.preview, width)] : []),
  ...(confirm.bulk ? bulkLines(state, confirm, confirm.bulk, width) : []),
];

/** The label of the field for the words. */
export const wordsLabel = ({ words }: ConfirmState, width: number): string => {
  const label = `  Type ${safe(words, { max: 80 })} to confirm:`;
  return columnsOf(label) > width - 12 ? '  Type it:' : label;
};

/** The two buttons. Confirm is grey until it works. */
const buttons = (state: State, confirm: ConfirmState, width: number): string => {
  if (confirm.waiting) return paint(isAsked(confirm) ? '  asking ...' : '  doing it ...', 'info');
  const isArmed = isConfirmable(state, confirm, state.now);
  const records = confirm.bulk ? `: ${count(idsOf(state, confirm).length)}` : '';
  const cancel = paint('[ Cancel ]', confirm.focus === 'cancel' ? 'cursor' : 'plain');
  const title = isAsked(confirm) ? 'Ask' : safe(confirm.form.title, { max: 40 });
  const yes = paint(`[ ${title}${records} ]`, confirm.focus === 'confirm' ? 'cursor' : isArmed ? 'plain' : 'dim');
  const asksForWords = confirm.focus === 'confirm' && confirm.typed.trim() !== confirm.words;
  return within(`  ${cancel}  ${yes}${asksForWords ? paint('  after the words are typed', 'dim') : ''}`, width);
};

/** Lines that stay: the words to type, the buttons. */
const endLines = ({ words }: ConfirmState): number => (words === '' ? 1 : 2);

/** Lines a confirmation takes when nothing is left out: its rule, what scrolls, a blank one, what stays. */
export const confirmHeight = (state: State, confirm: ConfirmState, width: number): number =>
  2 + bodyLines(state, confirm, width).length + endLines(confirm);

const partOf = (state: State, confirm: ConfirmState, width: number, height: number): Scrolled =>
  scrolledTo(bodyLines(state, confirm, width), confirm.scroll, Math.max(0, height - endLines(confirm) - 2));

/** How far a confirmation is really scrolled: not beyond its end. */
export const confirmScroll = (state: State, confirm: ConfirmState, width: number, height: number): number =>
  partOf(state, confirm, width, height).from;

/** What will happen, and the last chance to say no. The focus starts on Cancel. The line before the last is left to the field. */
export const confirmLines = (state: State, confirm: ConfirmState, width: number, height: number): readonly string[] => {
  const { form, words } = confirm;
  const end = [...(words === '' ? [] : ['']), buttons(state, confirm, width)];
  if (height <= end.length) return end.slice(-height);
  const title = rule([form.title, form.label].filter(Boolean).join(' '), width);
  const { shown, below } = partOf(state, confirm, width, height);
  const more = below > 0 ? paint(`  ${below} more lines, ${words === '' ? 'j' : 'Down'} scrolls`, 'dim') : '';
  return [title, ...shown, ...(height > end.length + 1 ? [more] : []), ...end];
};
