import { Box } from 'ink';
import type { FormField } from '../../kit/form-fields.ts';
import type { Sheet } from '../state/session-types.ts';
import { ChoiceField } from './choice-field.tsx';
import { choicesOf, errorLine, fieldLine, focusHeight, formButtons, isChoice, labelOf } from './form-lines.ts';
import { within } from '../theme.ts';
import { Lines } from './lines.tsx';
import { rule } from './rule.ts';
import { TextField } from './text-field.tsx';

type FormProps = { readonly form: Sheet; readonly width: number; readonly height: number; readonly onText: (text: string) => void };
type FieldProps = { readonly field: FormField; readonly label: string; readonly value: string; readonly onText: (text: string) => void };

const FocusedField = ({ field, label, value, onText }: FieldProps) =>
  isChoice(field) ? (
    <ChoiceField label={label} choices={choicesOf(field)} value={value} onText={onText} />
  ) : (
    <TextField label={label} value={value} onText={onText} secret={field.kind === 'secret'} />
  );

/** Which fields there is room for around the one with the focus: those before it scroll out at the top. */
const fitting = (form: Sheet, room: number) => {
  const focused = form.fields[form.focus];
  const left = Math.max(0, room - focusHeight(focused));
  const after = form.fields.slice(form.focus + 1);
  const before = form.fields.slice(0, form.focus);
  const above = Math.min(before.length, Math.max(left - after.length, Math.floor(left / 2)));
  return { focused, before: before.slice(before.length - above), after: after.slice(0, Math.max(0, left - above)) };
};

/** What an action asks for. Exactly one field has the focus. */
export const Form = ({ form, width, height, onText }: FormProps) => {
  const title = height >= 4 ? [rule([form.title, form.label].filter(Boolean).join(' '), width)] : [];
  // What it says goes before a field does
  const says = (form.says ?? [])
    .map(text => within(`  ${text}`, width))
    .slice(0, Math.max(0, height - 3 - Math.max(1, form.fields.length)));
  const end = [...(height >= 3 ? [errorLine(form, width)] : []), ...(height >= 2 ? [formButtons(form, width)] : [])];
  const { focused, before, after } = fitting(form, height - title.length - says.length - end.length);
  const line = (field: FormField) => fieldLine(field, form, width);
  const head = [...title, ...says, ...before.map(line)];
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0} overflow="hidden">
      <Lines lines={head} height={head.length} />
      {focused && (
        <FocusedField
          key={`${focused.key} ${form.edition}`}
          field={focused}
          label={labelOf(focused, form, width)}
          value={form.typed[focused.key] ?? ''}
          onText={onText}
        />
      )}
      <Lines lines={[...after.map(line), ...end]} height={after.length + end.length} />
    </Box>
  );
};
