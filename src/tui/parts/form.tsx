import { Box } from 'ink';
import { fit } from '../../domain/safe-text.ts';
import type { FormField } from '../../kit/form-fields.ts';
import type { FormState } from '../state/types.ts';
import { ChoiceField } from './choice-field.tsx';
import { Dialog } from './dialog.tsx';
import { errorLine, fieldLine, formButtons, isChoice, labelWidth } from './form-lines.ts';
import { Lines } from './lines.tsx';
import { TextField } from './text-field.tsx';

type FormProps = { readonly form: FormState; readonly width: number; readonly height: number; readonly onText: (text: string) => void };
type FocusedProps = { readonly field: FormField; readonly form: FormState; readonly onText: (text: string) => void };

const FocusedField = ({ field, form, onText }: FocusedProps) => {
  const label = fit(`> ${field.title}`, labelWidth(form));
  const value = form.typed[field.key] ?? '';
  return isChoice(field) ? (
    <ChoiceField key={value} label={label} choices={field.choices} value={value} onText={onText} />
  ) : (
    <TextField label={label} value={value} onText={onText} secret={field.kind === 'secret'} />
  );
};

/** Fields above the one with the focus are left out when there is no room for all. */
const fitting = (form: FormState, height: number): readonly FormField[] => {
  const before = form.fields.slice(0, form.focus);
  const room = Math.max(0, height - 4);
  return before.slice(Math.max(0, before.length - room));
};

/** What an action asks for. Exactly one field has the focus. */
export const Form = ({ form, width, height, onText }: FormProps) => {
  const focused = form.fields[form.focus];
  const before = fitting(form, height);
  const choices = focused && isChoice(focused) ? Math.min(6, focused.choices.length + 1) : focused ? 1 : 0;
  const after = form.fields.slice(form.focus + 1).slice(0, Math.max(0, height - 3 - before.length - choices));
  const title = [form.title, form.label].filter(Boolean).join(' ');
  const line = (field: FormField) => fieldLine(field, form, width);
  return (
    <Dialog title={title} width={width} height={height}>
      <Lines lines={before.map(line)} height={before.length} />
      {focused && (
        <Box flexShrink={0} width={width}>
          <FocusedField key={focused.key} field={focused} form={form} onText={onText} />
        </Box>
      )}
      <Lines lines={after.map(line)} height={after.length} />
      <Lines lines={[errorLine(form, width), formButtons(form, width)]} height={2} />
    </Dialog>
  );
};
