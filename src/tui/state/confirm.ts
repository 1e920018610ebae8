import { largestBulk } from '../../kit/run-bulk.ts';
import type { Preview } from '../../kit/request.ts';
import { wordsToType } from '../../kit/typed-words.ts';
import { beginBulk } from './bulk.ts';
import { askCode } from './code.ts';
import type { Step } from './effects.ts';
import type { Event, Happening, Intent } from './events.ts';
import { submitForm, withForm } from './form.ts';
import { scrolledBy } from './help.ts';
import { layoutOf } from './layout.ts';
import { actionOf, browsing, stay, step, withFlash, withMode } from './step.ts';
import type { ConfirmState, FormState, State } from './types.ts';
import { undoOtherwise } from './undo.ts';
import { askWindow, lacksWindow, lacksWindowFor } from './write-window.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** The confirm button works this long after it appeared, in milliseconds: a key meant for something else confirms nothing. */
const armingTime = 300;

const withConfirm = (state: State, confirm: ConfirmState): State => withMode(state, { kind: 'confirm', confirm });

/** Records of a bulk that are done with one word: refused ones and those with doubts are left for a decision of their own. */
export const clearIds = (confirm: ConfirmState, hasDoubts: boolean): readonly string[] => {
  const { bulk, form } = confirm;
  if (!bulk) return form.ids;
  const seen = bulk.previews.filter(preview => preview.doubts.length === 0).map(preview => preview.target.id);
  if (hasDoubts) return seen;
  const looked = new Set([...bulk.previews.map(preview => preview.target.id), ...bulk.refused.map(refused => refused.id)]);
  return [...seen, ...form.ids.slice(0, largestBulk).filter(id => !looked.has(id))];
};

const wordsFor = (state: State, form: FormState, preview: Preview | undefined): string => {
  const action = actionOf(state, form.action);
  if (!action || !state.session) return '';
  return wordsToType(action, { records: form.ids.length, target: preview?.target ?? form }, state.session.environment);
};

/** Whether Enter on the confirm button would do it now. */
export const isConfirmable = (state: State, confirm: ConfirmState, at: number): boolean => {
  if (confirm.waiting || at < confirm.armedAt || confirm.typed.trim() !== confirm.words) return false;
  return !confirm.bulk || clearIds(confirm, actionOf(state, confirm.form.action)?.doubts !== undefined).length > 0;
};

const opened = (state: State, form: FormState, shown: Pick<ConfirmState, 'preview' | 'bulk'>, at: number): Step => {
  const confirm: ConfirmState = {
    form: { ...form, waiting: false },
    ...shown,
    words: wordsFor(state, form, shown.preview),
    typed: '',
    edition: 0,
    focus: 'cancel',
    armedAt: at + armingTime,
    scroll: 0,
    waiting: false,
  };
  return step(withConfirm(state, confirm), { kind: 'wake', at: confirm.armedAt });
};

/** The form that waits for this answer, or the dialog whose target changed meanwhile. */
const waitingForm = (state: State, request: string): FormState | undefined => {
  const form = state.mode.kind === 'form' ? state.mode.form : undefined;
  return form?.waiting && form.request === request ? form : undefined;
};

export const previewed = (state: State, { request, outcome, at }: Of<'previewed'> | Of<'bulk-previewed'>): Step => {
  const form = waitingForm(state, request);
  if (!form) return stay(state);
  if (!outcome.ok) {
    const { message, next } = outcome.refusal;
    if (form.undoing) return undoOtherwise(browsing(state), form, outcome.refusal);
    if (form.fields.length === 0) return stay(withFlash(browsing(state), 'bad', `${form.title}: ${message}`, next));
    return stay(withForm(state, { ...form, waiting: false, errors: { '': next === undefined ? message : `${message}; ${next}` } }));
  }
  const { value } = outcome;
  return opened(state, form, 'previews' in value ? { preview: undefined, bulk: value } : { preview: value, bulk: undefined }, at);
};

const order = (confirm: ConfirmState): readonly ConfirmState['focus'][] =>
  confirm.words === '' ? ['cancel', 'confirm'] : ['words', 'cancel', 'confirm'];

const turned = (state: State, confirm: ConfirmState, by: 1 | -1): Step => {
  const stops = order(confirm);
  const at = (stops.indexOf(confirm.focus) + by + stops.length) % stops.length;
  return stay(withConfirm(state, { ...confirm, focus: stops[at] ?? 'cancel' }));
};

/** Goes back to the form with all that was typed; where there was nothing to type, to the list. */
const closed = (state: State, { form }: ConfirmState): Step =>
  form.fields.length === 0 || form.undoing
    ? stay(withFlash(browsing(state), 'info', `${form.title}: given up, nothing was changed`))
    : stay(withForm(state, form));

/** Whether whoever's key executes it has to give a code first: what is only asked for needs none. */
const lacksCode = (state: State, { form, preview, bulk }: ConfirmState, at: number): boolean => {
  if (!state.session?.presence || at < state.pulse.codeUntil) return false;
  const previews = preview ? [preview] : (bulk?.previews ?? []);
  return previews.some(({ code, eyes }) => code && eyes === 1) || (previews.length === 0 && actionOf(state, form.action)?.code === true);
};

/** Does what was confirmed; what it lacks is asked for over it first. */
export const carryOut = (state: State, confirm: ConfirmState, at: number): Step => {
  if (!isConfirmable(state, confirm, at)) return stay(state);
  if (lacksWindowFor(state, actionOf(state, confirm.form.action)) || (confirm.bulk && lacksWindow(state)))
    return stay(askWindow(state, 'carry-out'));
  if (lacksCode(state, confirm, at)) return askCode(state, 'carry-out');
  if (confirm.bulk) return beginBulk(state, confirm, clearIds(confirm, actionOf(state, confirm.form.action)?.doubts !== undefined), at);
  const running = { ...confirm, waiting: true };
  return step(withConfirm(state, running), { kind: 'run', confirm: running });
};

const entered = (state: State, confirm: ConfirmState, at: number): Step => {
  if (confirm.focus === 'confirm') return carryOut(state, confirm, at);
  if (confirm.focus === 'cancel') return closed(state, confirm);
  if (confirm.typed.trim() !== confirm.words) return stay(withFlash(state, 'warn', `type ${confirm.words} to confirm`));
  return carryOut(state, confirm, at);
};

export const typeWords = (state: State, confirm: ConfirmState, text: string): Step =>
  stay(confirm.typed === text ? state : withConfirm(state, { ...confirm, typed: text, focus: 'words' }));

const anew = (confirm: ConfirmState): ConfirmState => ({ ...confirm, edition: confirm.edition + 1 });

/** Keys while a change is confirmed. Esc and Cancel change nothing. */
export const confirmPressed = (state: State, confirm: ConfirmState, intent: Intent, at: number): Step => {
  switch (intent.name) {
    case 'tabbed':
      return turned(state, confirm, 1);
    case 'back-tabbed':
      return turned(state, confirm, -1);
    case 'stepped':
      return turned(state, confirm, intent.by);
    case 'moved':
      return stay(withConfirm(state, { ...confirm, scroll: scrolledBy(confirm.scroll, intent.by, layoutOf(state.size).bodyLines) }));
    case 'letter-typed':
      return confirm.words === '' ? stay(state) : typeWords(state, anew(confirm), confirm.typed + intent.letter);
    case 'cleared':
      return typeWords(state, anew(confirm), '');
    case 'confirmed':
      return entered(state, confirm, at);
    case 'escaped':
    case 'interrupted':
      if (!confirm.waiting) return closed(state, confirm);
      return stay(withFlash(browsing(state), 'info', `${confirm.form.title} is under way; its outcome is told here`));
    default:
      return stay(state);
  }
};

/** The target is not what was looked at: it is shown again as it is now, under a new key. */
export const lookAgain = (state: State, form: FormState): Step => submitForm(state, { ...form, waiting: false });
