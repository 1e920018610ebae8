import { fit, safe } from '../../domain/safe-text.ts';
import type { Refusal } from '../../domain/outcome.ts';
import type { RecordResult } from '../../kit/run-bulk.ts';
import { isThrough } from '../state/bulk.ts';
import { resourceOf } from '../state/step.ts';
import type { BulkState, State } from '../state/types.ts';
import { paint, within } from '../theme.ts';
import { progressBar, span } from './progress.ts';
import { rule } from './rule.ts';
import { paragraph } from './wrap.ts';

const nameOf = (state: State, { id, outcome }: RecordResult): string => {
  if (outcome.ok) return outcome.value.target.label;
  const row = state.view.window.rows.find(candidate => String(candidate.id) === id);
  return row ? resourceOf(state).nameOf(row) : `record ${id}`;
};

const resultWords: Readonly<Partial<Record<Refusal['kind'], string>>> = { unknown: 'UNKNOWN', 'waiting-for-approval': 'asked' };

const resultLine = (state: State, result: RecordResult, width: number): string => {
  const { outcome } = result;
  const name = fit(safe(nameOf(state, result), { max: 60 }), 20);
  const line = outcome.ok
    ? `  done     ${name}  audit #${outcome.value.audit}`
    : `  ${fit(resultWords[outcome.refusal.kind] ?? 'refused', 7)}  ${name}  ${safe(outcome.refusal.message, { max: 300 })}`;
  return paint(within(line, width), isThrough(result) ? 'plain' : 'warn');
};

const tally = ({ results }: BulkState): string => {
  const done = results.filter(result => result.outcome.ok).length;
  const asked = results.filter(isThrough).length - done;
  return `${done} done, ${asked > 0 ? `${asked} asked for, ` : ''}${results.length - done - asked} refused`;
};

const button = (name: string, isFocused: boolean, isArmed: boolean): string =>
  !isArmed ? paint(`[ ${name} ]`, 'dim') : isFocused ? paint(`[ ${name} ]`, 'cursor') : `[ ${name} ]`;

const canaryLines = (state: State, bulk: BulkState, width: number): readonly string[] => {
  const [first] = bulk.results;
  const left = (bulk.total - bulk.results.length).toLocaleString('en');
  return [
    ...paragraph('One was done first, to see that it does what you expect:', width),
    ...(first ? [resultLine(state, first, width)] : []),
    ...paragraph(`${left} more follow, one by one; three refusals in a row stop it. Stopping now leaves them as they are.`, width),
    '',
    `  ${button('Stop here', bulk.focus === 'stop', true)}  ${button(`Go on with ${left}`, bulk.focus === 'go-on', state.now >= bulk.armedAt)}`,
  ];
};

const runningLines = (state: State, bulk: BulkState, width: number): readonly string[] => {
  const done = bulk.results.length;
  const elapsed = Math.max(0, state.now - bulk.startedAt);
  const remaining = done < 2 ? '' : `, about ${span((elapsed / done) * (bulk.total - done))} left`;
  return [
    within(
      `  ${progressBar(done, bulk.total, Math.min(40, Math.max(8, width - 50)))} ${done} of ${bulk.total.toLocaleString('en')}, ${span(elapsed)} gone${remaining}`,
      width,
    ),
    `  ${tally(bulk)}${bulk.aborting ? paint('  stopping after this record', 'warn') : ''}`,
  ];
};

const finishedLines = (bulk: BulkState, width: number): readonly string[] => {
  const { summary, skipped } = bulk.finished ?? { summary: '', skipped: 0 };
  const rest = skipped > 0 ? '; those that were not tried are as they were' : '';
  return paragraph(`${safe(summary, { max: 300 })}${rest}`, width, bulk.results.length > 0 && rest === '' ? 'good' : 'warn');
};

const headLines = (state: State, bulk: BulkState, width: number): readonly string[] => {
  const hidden = bulk.form.hiddenByFilter > 0 ? `, ${bulk.form.hiddenByFilter} of them hidden by the filter` : '';
  const title = rule(`${bulk.form.title}: ${bulk.total.toLocaleString('en')} records${hidden}`, width);
  if (bulk.atCanary) return [title, ...canaryLines(state, bulk, width)];
  return [title, ...(bulk.finished ? finishedLines(bulk, width) : runningLines(state, bulk, width))];
};

/** While it runs the newest results are seen; afterwards one scrolls. Only those in sight are drawn: there may be ten thousand. */
const partOf = (bulk: BulkState, room: number): Span => {
  const last = Math.max(0, bulk.results.length - room);
  return { from: bulk.finished ? Math.min(bulk.scroll, last) : last, room };
};

type Span = { readonly from: number; readonly room: number };

const roomFor = (state: State, bulk: BulkState, width: number, height: number): number =>
  Math.max(1, height - headLines(state, bulk, width).length);

/** How far the results are really scrolled: not beyond their end. */
export const bulkScroll = (state: State, bulk: BulkState, width: number, height: number): number =>
  bulk.finished ? partOf(bulk, roomFor(state, bulk, width, height)).from : bulk.scroll;

/** A bulk: the question after the first record, its progress, and in the end one result per record. */
export const bulkLines = (state: State, bulk: BulkState, width: number, height: number): readonly string[] => {
  const head = headLines(state, bulk, width);
  if (bulk.atCanary) return head;
  const { from, room } = partOf(bulk, roomFor(state, bulk, width, height));
  const results = bulk.results.slice(from, from + room).map(result => resultLine(state, result, width));
  const below = bulk.results.length - from - results.length;
  // It keeps its height while results come in: the list above stays where it is
  const blank = Array.from({ length: Math.min(room, bulk.total) - results.length }, () => '');
  if (!bulk.finished || below === 0) return [...head, ...results, ...(bulk.finished ? [] : blank)];
  return [...head, ...results.slice(0, -1), paint(`  ${below + 1} more below, j scrolls`, 'dim')];
};
