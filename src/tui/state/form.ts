import { fieldsOf, parseInput, type FormField } from '../../kit/form-fields.ts';
import type { Typed } from '../../kit/request.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { actionOf, browsing, newRequest, stay, step, withFlash, withMode } from './step.ts';
import type { FormState, State } from './types.ts';

export const withForm = (state: State, form: FormState): State => withMode(state, { kind: 'form', form });

export type Wish = {
  readonly action: string;
  readonly ids: readonly string[];
  readonly label: string;
  readonly typed: Typed;
  readonly undoing?: NonNullable<FormState['undoing']>;
};

/** Opens the form of an action. Where nothing is to be filled in, or all is filled in already, its preview comes at once. */
export const openForm = (state: State, wish: Wish): Step => {
  const action = actionOf(state, wish.action);
  if (!action || !state.session) return stay(withFlash(state, 'bad', `${wish.action} is not in this console`));
  const all = fieldsOf(action.input);
  const fields = all.filter(field => !field.hidden);
  const typed = {
    ...Object.fromEntries(all.filter(field => field.initial !== '').map(field => [field.key, field.initial])),
    ...wish.typed,
  };
  const { state: next, request } = newRequest(state);
  const form: FormState = {
    action: action.id,
    title: action.title,
    label: wish.label,
    request,
    fields,
    typed,
    focus: 0,
    errors: {},
    edition: 0,
    ids: wish.ids,
    hiddenByFilter: wish.ids.length > 1 ? state.view.hidden : 0,
    waiting: false,
    ...(wish.undoing ? { undoing: wish.undoing } : {}),
  };
  const opened = { ...withForm(next, form), flash: undefined };
  return fields.length === 0 || wish.undoing ? submitForm(opened, form) : stay(opened);
};

/** The field that has the focus; undefined on the buttons. */
export const fieldInFocus = (form: FormState): FormField | undefined => form.fields[form.focus];

/** What is sent: empty fields are left out, a single record is named. */
export const typedOf = (form: FormState): Typed => Object.fromEntries(Object.entries(form.typed).filter(([, value]) => value !== ''));

/** Checks what was typed, and asks what would happen. */
export const submitForm = (state: State, form: FormState): Step => {
  const action = actionOf(state, form.action);
  if (!action || !state.session || form.waiting) return stay(state);
  const typed = form.ids.length > 1 ? { ...typedOf(form), id: form.ids[0] ?? '' } : typedOf(form);
  const parsed = parseInput(action.input, typed, state.session.today());
  if (!parsed.ok) {
    const first = form.fields.findIndex(field => parsed.errors[field.key] !== undefined);
    return stay(withForm(state, { ...form, errors: parsed.errors, focus: first < 0 ? form.focus : first }));
  }
  const asked = { ...form, errors: {}, waiting: true };
  return step(withForm(state, asked), { kind: 'preview', form: asked });
};

const focused = (state: State, form: FormState, focus: number): Step => {
  const kept = Math.max(0, Math.min(form.fields.length, focus));
  return stay(kept === form.focus ? state : withForm(state, { ...form, focus: kept }));
};

/** Puts a value into the field that has the focus; its error is no longer true. */
export const typeInField = (state: State, form: FormState, text: string): Step => {
  const field = fieldInFocus(form);
  if (!field || form.typed[field.key] === text) return stay(state);
  const { [field.key]: corrected, ...errors } = form.errors;
  return stay(
    withForm(state, { ...form, typed: { ...form.typed, [field.key]: text }, errors: corrected === undefined ? form.errors : errors }),
  );
};

/** The choice before or after, or the next one that begins with a letter. */
const stepChoice = (state: State, form: FormState, by: 1 | -1, letter?: string): Step => {
  const field = fieldInFocus(form);
  if (!field || field.choices.length === 0) return stay(state);
  const { choices } = field;
  const now = choices.indexOf(form.typed[field.key] ?? '');
  for (let count = 1; count <= choices.length; count += 1) {
    const at = now < 0 && by < 0 ? choices.length - count : (now + by * count + choices.length * count) % choices.length;
    const choice = choices[at] ?? '';
    if (letter === undefined || choice.startsWith(letter.toLowerCase()))
      return typeInField(state, { ...form, edition: form.edition + 1 }, choice);
  }
  return stay(state);
};

const confirmed = (state: State, form: FormState): Step =>
  form.focus >= form.fields.length - 1 ? submitForm(state, form) : focused(state, form, form.focus + 1);

const turned = (state: State, form: FormState, by: 1 | -1): Step => {
  const count = form.fields.length + 1;
  return focused(state, form, (form.focus + by + count) % count);
};

/** Keys while a form is filled in; text goes to the field itself. */
export const formPressed = (state: State, form: FormState, intent: Intent): Step => {
  switch (intent.name) {
    case 'tabbed':
      return turned(state, form, 1);
    case 'back-tabbed':
      return turned(state, form, -1);
    case 'moved':
      return typeof intent.by === 'number' ? focused(state, form, form.focus + intent.by) : stay(state);
    case 'stepped':
      return stepChoice(state, form, intent.by);
    case 'letter-typed':
      return stepChoice(state, form, 1, intent.letter);
    case 'cleared':
      return typeInField(state, { ...form, edition: form.edition + 1 }, '');
    case 'confirmed':
      return form.waiting ? stay(state) : confirmed(state, form);
    case 'escaped':
    case 'interrupted':
      return stay(withFlash(browsing(state), 'info', `${form.title}: given up, nothing was changed`));
    default:
      return stay(state);
  }
};
