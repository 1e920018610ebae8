import { Box } from 'ink';
import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { FormField } from '../../kit/form-fields.ts';
import type { FormState } from '../state/types.ts';
import { paint } from '../theme.ts';
import { ChoiceField } from './choice-field.tsx';
import { Dialog } from './dialog.tsx';
import { Lines } from './lines.tsx';
import { TextField } from './text-field.tsx';

/** Choices shown at once; more scroll. */
const choicesShown = 6;

const isChoice = (field: FormField): boolean => field.kind === 'choice' || field.kind === 'yes-no';

const labelsWidth = (form: FormState): number => Math.max(0, ...form.fields.map(field => columnsOf(field.title))) + 2;

const shownValue = (field: FormField, typed: string): string =>
  field.kind === 'secret' ? '*'.repeat(Math.min(20, typed.length)) : safe(typed, { max: 300 });

const hintOf = (field: FormField): string => {
  if (field.kind === 'day') return '2026-11-20, tomorrow, in 7 days';
  if (field.kind === 'note') return 'at least 10 characters';
  return field.required ? '' : 'may be left out';
};

const fieldLine = (field: FormField, form: FormState, width: number): string => {
  const typed = form.typed[field.key] ?? '';
  const label = fit(`  ${field.title}`, labelsWidth(form) + 2);
  const error = form.errors[field.key];
  const value = typed === '' ? paint(hintOf(field), 'dim') : shownValue(field, typed);
  if (error === undefined) return `${label} ${typed === '' ? value : fit(value, Math.max(1, width - columnsOf(label) - 1))}`;
  const kept = Math.min(24, columnsOf(shownValue(field, typed)));
  return `${label} ${fit(shownValue(field, typed), kept)} ${paint(fit(`! ${safe(error, { max: 200 })}`, Math.max(1, width - columnsOf(label) - kept - 2)), 'bad')}`;
};

/** Lines a form takes: its rule, each field, the error of the focused one, the buttons. */
export const formHeight = (form: FormState): number => {
  const focused = form.fields[form.focus];
  const choices = focused && isChoice(focused) ? Math.min(choicesShown, focused.choices.length + 1) - 1 : 0;
  const error = focused && form.errors[focused.key] !== undefined ? 1 : 0;
  return 1 + form.fields.length + choices + error + 2;
};

const FocusedField = ({
  field,
  form,
  width,
  onText,
}: {
  readonly field: FormField;
  readonly form: FormState;
  readonly width: number;
  readonly onText: (text: string) => void;
}) => {
  const label = fit(`> ${field.title}`, labelsWidth(form) + 2);
  const value = form.typed[field.key] ?? '';
  const error = form.errors[field.key];
  return (
    <Box flexDirection="column" flexShrink={0}>
      {isChoice(field) ? (
        <ChoiceField label={label} choices={field.choices} value={value} onText={onText} />
      ) : (
        <TextField label={label} value={value} onText={onText} secret={field.kind === 'secret'} />
      )}
      {error !== undefined && <Lines lines={[paint(fit(`  ! ${safe(error, { max: 300 })}`, width), 'bad')]} height={1} />}
    </Box>
  );
};

const buttons = (form: FormState): string => {
  const focused = form.focus >= form.fields.length;
  if (form.waiting) return paint('  looking at what will happen ...', 'info');
  return `  ${focused ? paint('[ Preview ]', 'cursor') : '[ Preview ]'}  ${paint('Tab next, Enter on, Esc cancels; nothing happens before the preview', 'dim')}`;
};

/** What an action asks for. Exactly one field has the focus. */
export const Form = ({
  form,
  width,
  height,
  onText,
}: {
  readonly form: FormState;
  readonly width: number;
  readonly height: number;
  readonly onText: (text: string) => void;
}) => {
  const before = form.fields.slice(0, form.focus);
  const focused = form.fields[form.focus];
  const after = form.fields.slice(form.focus + 1);
  const general = form.errors[''];
  return (
    <Dialog title={[form.title, form.label].filter(Boolean).join(' ')} width={width} height={height}>
      <Lines lines={before.map(field => fieldLine(field, form, width))} height={before.length} />
      {focused && <FocusedField key={focused.key} field={focused} form={form} width={width} onText={onText} />}
      <Lines lines={after.map(field => fieldLine(field, form, width))} height={after.length} />
      <Lines
        lines={[general === undefined ? '' : paint(fit(`  ! ${safe(general, { max: 300 })}`, width), 'bad'), buttons(form)]}
        height={2}
      />
    </Dialog>
  );
};
