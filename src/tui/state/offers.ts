import type { FormField } from '../../kit/form-fields.ts';
import { onlyChoice, type Offers } from '../../kit/offers.ts';
import type { Step } from './effects.ts';
import type { Event } from './events.ts';
import { changeMode } from './mode.ts';
import { fieldInFocus, typedInto } from './sheet.ts';
import { stay } from './step.ts';
import type { FormState, State } from './types.ts';

/** What was typed into a field meanwhile stays, and so does the field. */
const isOpen = ({ typed }: FormState, { key, kind }: FormField): boolean => kind === 'text' && (typed[key] ?? '') === '';

/** A field of which one of several is chosen, or which says what it may be filled in with. */
const withChoices = (field: FormField, offers: Offers): FormField => {
  const offer = offers[field.key];
  if (!offer || offer.choices.length < 2) return field;
  return offer.many ? { ...field, hint: `of ${offer.choices.join(', ')}` } : { ...field, kind: 'choice', choices: offer.choices };
};

const filledIn = (form: FormState, offers: Offers): FormState => {
  const open = form.fields.filter(field => isOpen(form, field) && offers[field.key] !== undefined);
  if (open.length === 0) return { ...form, asking: false };
  const only = Object.fromEntries(
    open.flatMap(({ key, required }) => {
      const choice = onlyChoice(offers, key);
      return required && choice !== undefined ? [[key, choice]] : [];
    }),
  );
  return {
    ...form,
    asking: false,
    fields: form.fields.map(field => (open.includes(field) ? withChoices(field, offers) : field)),
    typed: { ...form.typed, ...only },
    offered: only,
    edition: form.edition + 1,
  };
};

/** What the fields may be filled in with has been read: the only host is filled in, one of several is chosen. */
export const offered = (state: State, { request, offers }: Extract<Event, { kind: 'offered' }>): Step =>
  stay({
    ...state,
    mode: changeMode(state.mode, 'form', mode => (mode.form.request === request ? { ...mode, form: filledIn(mode.form, offers) } : mode)),
  });

/** Puts a value into the field with the focus. Letters behind what was only offered take its place: whoever types has a wish of their own. */
export const typedOver = (form: FormState, text: string): FormState => {
  const key = fieldInFocus(form)?.key ?? '';
  const before = form.offered[key];
  if (before === undefined) return typedInto(form, text);
  const { [key]: _taken, ...offered } = form.offered;
  const wished = text.length > before.length && text.startsWith(before) ? text.slice(before.length) : text;
  const typed = typedInto({ ...form, offered }, wished);
  return wished === text ? typed : { ...typed, edition: typed.edition + 1 };
};
