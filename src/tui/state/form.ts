import { fieldsOf, parseInput } from '../../kit/form-fields.ts';
import type { Typed } from '../../kit/request.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { sheetPressed } from './sheet.ts';
import { typedOver } from './offers.ts';
import { actionOf, andThen, browsing, newRequest, stay, step, withFlash, withMode } from './step.ts';
import type { FormState, State } from './types.ts';
import { askWindow, lacksWindowFor } from './write-window.ts';

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
    asking: action.offers !== undefined,
    offered: {},
    ...(wish.undoing ? { undoing: wish.undoing } : {}),
  };
  const opened = { ...withForm(next, form), flash: undefined };
  const begun =
    fields.length === 0 || wish.undoing ? submitForm(opened, form) : form.asking ? step(opened, { kind: 'offer', form }) : stay(opened);
  return lacksWindowFor(state, action) ? andThen(begun, draft => stay(askWindow(draft, 'go-on'))) : begun;
};

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

/** Puts a value into the field that has the focus. */
export const typeInField = (state: State, form: FormState, text: string): Step => changed(state, form, typedOver(form, text));

const changed = (state: State, before: FormState, form: FormState): Step => stay(form === before ? state : withForm(state, form));

/** Keys while a form is filled in; text goes to the field itself. */
export const formPressed = (state: State, form: FormState, intent: Intent): Step => {
  const next = sheetPressed(form, intent);
  if (next) return changed(state, form, next);
  switch (intent.name) {
    case 'confirmed':
      return form.waiting ? stay(state) : submitForm(state, form);
    case 'escaped':
    case 'interrupted':
      return stay(withFlash(browsing(state), 'info', `${form.title}: given up, nothing was changed`));
    default:
      return stay(state);
  }
};
