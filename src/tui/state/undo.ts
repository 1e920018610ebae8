import type { Refusal } from '../../domain/outcome.ts';
import type { WayBack } from '../../kit/define-action.ts';
import type { Step } from './effects.ts';
import { openForm } from './form.ts';
import { actionOf, stay, withFlash } from './step.ts';
import type { Done, FormState, State } from './types.ts';

/** The ways back that are still open, the nearest first. */
export const waysOpen = (state: State, { receipt, at, undone }: Done, now: number): readonly WayBack[] =>
  undone
    ? []
    : receipt.waysBack.filter(way => actionOf(state, way.action) && (way.seconds === undefined || now - at < way.seconds * 1_000));

const tryWay = (state: State, label: string, request: string, ways: readonly WayBack[]): Step => {
  const [way, ...others] = ways;
  if (!way) return stay(state);
  const id = way.input['id'];
  return openForm(state, { action: way.action, ids: id === undefined ? [] : [id], label, typed: way.input, undoing: { request, others } });
};

/** `z`: opens the preview of the nearest way back from the last thing done that has one. */
export const undoLast = (state: State, now: number): Step => {
  for (const done of state.done) {
    const ways = waysOpen(state, done, now);
    if (ways.length > 0) return tryWay(state, done.receipt.target.label, done.receipt.request, ways);
  }
  return stay(withFlash(state, 'info', 'nothing done in this session can be undone', 'audit shows all that was done'));
};

/** A way back turned out closed: the next one is tried, and the reason told when there is none. */
export const undoOtherwise = (state: State, form: FormState, { message, next }: Refusal): Step => {
  const { undoing } = form;
  if (undoing && undoing.others.length > 0) return tryWay(state, form.label, undoing.request, undoing.others);
  return stay(withFlash(state, 'bad', `${form.title}: ${message}`, next));
};

/** Marks what was undone, so that `z` goes on to what was done before. */
export const markUndone = (done: readonly Done[], request: string | undefined): readonly Done[] =>
  request === undefined ? done : done.map(each => (each.receipt.request === request ? { ...each, undone: true } : each));
