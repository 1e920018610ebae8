import { fit, safe } from '../../domain/safe-text.ts';
import type { Done, State } from '../state/types.ts';
import { waysOpen } from '../state/undo.ts';
import { paint, within } from '../theme.ts';
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
export const stripLines = (state: State, width: number, height: number): readonly string[] => {
  if (height < 2) return [];
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
