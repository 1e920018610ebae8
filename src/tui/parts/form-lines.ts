import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { FormField } from '../../kit/form-fields.ts';
import type { Sheet } from '../state/session-types.ts';
import { paint, within } from '../theme.ts';

/** Choices shown at once; more scroll. */
export const choicesShown = 6;

/** What a field offers; where nothing is chosen beforehand that stays possible. */
export const choicesOf = ({ initial, choices }: FormField): readonly string[] => (initial === '' ? ['', ...choices] : choices);

/** Lines of the field with the focus. */
export const focusHeight = (field: FormField | undefined): number => {
  if (field === undefined) return 0;
  return isChoice(field) ? Math.min(choicesShown, choicesOf(field).length) : 1;
};

export const isChoice = (field: FormField): boolean => field.kind === 'choice' || field.kind === 'yes-no';

/** Columns that the names of the fields take, with the two before them and two behind; at most half of the screen. */
const labelWidth = (form: Sheet, width: number): number =>
  Math.min(Math.floor(width / 2), Math.max(0, ...form.fields.map(field => columnsOf(field.title))) + 4);

/** The name of a field, `>` before the one with the focus. */
export const labelOf = (field: FormField, form: Sheet, width: number): string => {
  const sign = form.fields[form.focus] === field ? '>' : ' ';
  return `${fit(`${sign} ${field.title}`, labelWidth(form, width) - 2)}  `;
};

const shownValue = (field: FormField, typed: string): string =>
  field.kind === 'secret' ? '*'.repeat(Math.min(20, typed.length)) : safe(typed, { max: 300 });

const hintOf = (field: FormField): string => {
  if (field.kind === 'day') return '2026-11-20, tomorrow, in 7 days';
  if (field.kind === 'note') return 'why, in at least 10 characters';
  if (isChoice(field)) return field.required ? 'choose one' : 'may be left out';
  if (field.hint !== undefined) return field.hint;
  return field.required ? '' : 'may be left out';
};

const firstError = (form: Sheet): string | undefined => Object.values(form.errors)[0];

/** A field without the focus. */
export const fieldLine = (field: FormField, form: Sheet, width: number): string => {
  const typed = form.typed[field.key] ?? '';
  const label = labelOf(field, form, width);
  const error = form.errors[field.key];
  const value = typed === '' ? paint(hintOf(field), 'dim') : shownValue(field, typed);
  if (error === undefined) return within(`${label}${value}`, width);
  const kept = typed === '' ? '' : `${within(shownValue(field, typed), 24)}  `;
  return within(`${label}${kept}${paint(`! ${safe(error, { max: 200 })}`, 'bad')}`, width);
};

/** The line under the field with the focus: what is wrong with it, or with the whole; else what it may be filled in with. */
export const errorLine = (form: Sheet, width: number): string => {
  const field = form.fields[form.focus];
  const error = (field && form.errors[field.key]) ?? form.errors[''];
  if (error !== undefined) return paint(within(`  ! ${safe(error, { max: 300 })}`, width), 'bad');
  return field?.hint === undefined ? '' : paint(within(`  ${safe(field.hint, { max: 300 })}`, width), 'dim');
};

const previewWords: NonNullable<Sheet['words']> = {
  button: 'Preview',
  calm: 'nothing happens before you have seen the preview',
  busy: 'looking at what will happen ...',
};

export const formButtons = (form: Sheet, width: number): string => {
  const { button, calm, busy } = form.words ?? previewWords;
  if (form.waiting) return paint(`  ${busy}`, 'info');
  const focused = form.focus >= form.fields.length;
  const words = firstError(form) === undefined ? calm : 'correct what is marked with ! first';
  return within(`  ${focused ? paint(`[ ${button} ]`, 'cursor') : `[ ${button} ]`}  ${paint(words, 'dim')}`, width);
};

/** Lines a form takes: its rule, what it says, each field, the choices of the focused one, what is wrong, the button. */
export const formHeight = (form: Sheet): number =>
  1 + (form.says?.length ?? 0) + form.fields.length + Math.max(0, focusHeight(form.fields[form.focus]) - 1) + 2;
