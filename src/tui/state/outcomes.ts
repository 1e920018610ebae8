import type { Refusal } from '../../domain/outcome.ts';
import type { Receipt } from '../../kit/request.ts';
import { askCode } from './code.ts';
import { lookAgain } from './confirm.ts';
import { remember } from './done.ts';
import type { Step } from './effects.ts';
import type { Event, Happening } from './events.ts';
import { typedOf, withForm } from './form.ts';
import { clearMarks } from './marks.ts';
import { countRows, followDetail, refresh } from './reading.ts';
import { actionOf, andThen, browsing, newRequest, stay, step, withFlash, withMode } from './step.ts';
import type { ConfirmState, FormState, State, Unsettled } from './types.ts';
import { markUndone } from './undo.ts';
import { askWindow } from './write-window.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** How often an unknown outcome is looked up again, in milliseconds. */
const settleEvery = 3_000;

const tellDone = (state: State, receipt: Receipt, at: number): State => {
  const again = receipt.replayed ? ' (it was done already)' : '';
  return withFlash(
    remember(state, [receipt], at),
    'good',
    `${receipt.summary}${again}, audit #${receipt.audit}`,
    receipt.waysBack.length > 0 ? 'z undo' : undefined,
  );
};

/** Shows what the change did to what is on screen. */
const readChanged = (state: State): Step =>
  andThen(andThen(refresh({ ...state, refreshing: false }), countRows), next => followDetail(next, true));

const succeeded = (state: State, form: FormState | undefined, receipt: Receipt, at: number): Step => {
  const told = tellDone({ ...state, done: markUndone(state.done, form?.undoing?.request) }, receipt, at);
  const { marks } = told.view;
  const [only] = marks;
  return readChanged(marks.size === 1 && only === form?.ids[0] ? clearMarks(told) : told);
};

const runningConfirm = (state: State, request: string): ConfirmState | undefined => {
  const confirm = state.mode.kind === 'confirm' ? state.mode.confirm : undefined;
  return confirm?.waiting && confirm.form.request === request ? confirm : undefined;
};

/** It did not happen: the draft stays, and what is sent next is another request. */
const refused = (state: State, form: FormState, message: string, next: string | undefined): Step => {
  if (form.fields.length === 0 || form.undoing) return stay(withFlash(browsing(state), 'bad', `${form.title}: ${message}`, next));
  const renewed = newRequest(state);
  const errors = { '': next === undefined ? message : `${message}; ${next}` };
  return stay(withForm(renewed.state, { ...form, request: renewed.request, waiting: false, errors }));
};

/** What running a confirmed change sends; the same again when its outcome has to be found out. */
export const sentBy = ({ form, preview }: ConfirmState): Omit<Unsettled, 'askedAt'> => ({
  action: form.action,
  typed: typedOf(form),
  options: { request: form.request, ...(preview ? { expected: { version: preview.target.version, hash: preview.hash } } : {}) },
  label: `${form.title} ${form.label}`.trim(),
});

/** It waits for a second person: as good an end as being done. */
const asked = (state: State, form: FormState, { message, next }: Refusal): Step => {
  const [, number] = /request (\d+)/.exec(message) ?? [];
  const checker = actionOf(state, form.action)?.checker;
  const told =
    number === undefined
      ? withFlash(state, 'info', message, next)
      : withFlash(state, 'info', `request ${number} waits for somebody with ${checker ?? 'the right to decide it'}`, 'i shows the inbox');
  const { marks } = told.view;
  const [only] = marks;
  return readChanged(marks.size === 1 && only === form.ids[0] ? clearMarks(told) : told);
};

/** It did not happen for want of a window or a code: that is asked for over the draft, which then goes on. */
const lacking = (state: State, confirm: ConfirmState, needs: 'window' | 'code'): Step => {
  const renewed = newRequest(state);
  const form = { ...confirm.form, request: renewed.request };
  const draft = withMode(renewed.state, { kind: 'confirm', confirm: { ...confirm, form, waiting: false } });
  const { pulse } = draft;
  return needs === 'window'
    ? stay(askWindow({ ...draft, pulse: { ...pulse, writesUntil: undefined } }, 'carry-out'))
    : askCode({ ...draft, pulse: { ...pulse, codeUntil: 0 } }, 'carry-out');
};

/** A change came to an end, or nobody knows whether it did. */
export const finished = (state: State, { request, outcome, at }: Of<'finished'>): Step => {
  const confirm = runningConfirm(state, request);
  const form = confirm?.form;
  const closed = confirm ? browsing(state) : state;
  if (outcome.ok) return succeeded(closed, form, outcome.value, at);
  const { kind, message, next } = outcome.refusal;
  if (!form) return stay(withFlash(state, kind === 'unknown' ? 'warn' : 'bad', message, next));
  if (kind === 'unknown') {
    const unsettled = [...state.unsettled, { ...sentBy(confirm), askedAt: at }];
    return stay(withFlash({ ...closed, unsettled }, 'warn', `UNKNOWN: ${form.title} ${form.label}: ${message}`, next));
  }
  if (kind === 'waiting-for-approval') return asked(closed, form, outcome.refusal);
  const { needs } = outcome.refusal;
  if (needs === 'window' || needs === 'code') return lacking(state, confirm, needs);
  if (kind === 'stale') {
    const renewed = newRequest(state);
    const told = withFlash(renewed.state, 'warn', `${message}; nothing was done`, 'this is how it is now: decide anew');
    return lookAgain(told, { ...form, request: renewed.request });
  }
  return refused(state, form, message, next);
};

/** Every few seconds, what became of requests whose outcome is unknown. */
export const settleSome = (state: State): Step => {
  const due = state.unsettled.find(each => state.now - each.askedAt >= settleEvery);
  if (!due || state.lostSince !== undefined) return stay(state);
  const unsettled = state.unsettled.map(each => (each === due ? { ...each, askedAt: state.now } : each));
  return step({ ...state, unsettled }, { kind: 'settle', unsettled: due });
};

export const settled = (state: State, { request, outcome, at }: Of<'settled'>): Step => {
  const found = state.unsettled.find(each => each.options.request === request);
  if (!found || (!outcome.ok && outcome.refusal.kind === 'unknown')) return stay(state);
  const next = { ...state, unsettled: state.unsettled.filter(each => each !== found) };
  if (outcome.ok) return readChanged(tellDone(next, outcome.value, at));
  return readChanged(withFlash(next, 'warn', `${found.label}: ${outcome.refusal.message}`, outcome.refusal.next));
};
