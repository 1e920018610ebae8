import { fit, safe } from '../../domain/safe-text.ts';
import { layoutOf } from '../state/layout.ts';
import type { Done, State } from '../state/types.ts';
import { waysOpen } from '../state/undo.ts';
import { cell, padded, paint, within } from '../theme.ts';
import { rule } from './rule.ts';

const clock = (at: number): string => new Date(at).toISOString().slice(11, 16);

const undoWords = (state: State, done: Done): string => {
  if (done.undone) return paint('undone', 'dim');
  const [way] = waysOpen(state, done, state.now);
  if (!way) return '';
  if (way.seconds === undefined) return 'z undoes it';
  return `z takes it back, ${Math.max(1, Math.ceil((done.at + way.seconds * 1_000 - state.now) / 60_000))} min left`;
};

/** What was done lately in this session, and what is not known to be done. */
const doneLines = (state: State, width: number, height: number): readonly string[] => {
  const unknown = state.unsettled.map(({ label, askedAt }) =>
    paint(within(`${clock(askedAt)}  outcome not known yet: ${safe(label, { max: 120 })}; it is being looked up by its key`, width), 'bad'),
  );
  const done = state.done.map(each =>
    within(
      `${clock(each.at)}  ${fit(safe(each.receipt.summary, { max: 200 }), Math.max(24, Math.min(64, width - 50)))}  audit #${each.receipt.audit}  ${undoWords(state, each)}`,
      width,
    ),
  );
  const lines = [...unknown, ...done];
  const none = [paint('nothing has been changed in this session', 'dim')];
  return [rule('done lately', width), ...(lines.length > 0 ? lines : none)].slice(0, height);
};

const separator = paint(' | ', 'dim');
const separatorWidth = 3;

/** What happens right now, newest first: transactions, and what else is watched. */
const streamLines = ({ stream }: State, width: number, height: number): readonly string[] => {
  const lines = stream.lines.map(({ at, text, tone }) => {
    const time = new Date(at).toISOString().slice(11, 19);
    return `${paint(time, 'dim')}  ${cell(text, Math.max(1, width - time.length - 2), tone)}`;
  });
  const none = [paint('nothing has happened yet', 'dim')];
  return [rule('live', width), ...(lines.length > 0 ? lines : none)].slice(0, height);
};

/** What was done here lately; on a wide screen, beside it what happens. */
export const stripLines = (state: State, width: number, height: number): readonly string[] => {
  if (height < 2) return [];
  if (!layoutOf(state.size).stream) return doneLines(state, width, height);
  const half = Math.floor((width - separatorWidth) / 2);
  const [left, right] = [doneLines(state, half, height), streamLines(state, width - separatorWidth - half, height)];
  return Array.from({ length: height }, (_, index) => `${padded(left[index] ?? '', half)}${separator}${right[index] ?? ''}`);
};
