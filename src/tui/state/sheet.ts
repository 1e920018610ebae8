import type { FormField } from '../../kit/form-fields.ts';
import type { Intent } from './events.ts';
import type { Sheet } from './session-types.ts';

/** The field that has the focus; undefined on the buttons. */
export const fieldInFocus = (sheet: Sheet): FormField | undefined => sheet.fields[sheet.focus];

const focusedAt = <S extends Sheet>(sheet: S, focus: number): S => {
  const kept = Math.max(0, Math.min(sheet.fields.length, focus));
  return kept === sheet.focus ? sheet : { ...sheet, focus: kept };
};

/** The field after or before; past the buttons it begins again. */
const turned = <S extends Sheet>(sheet: S, by: 1 | -1): S => {
  const count = sheet.fields.length + 1;
  return focusedAt(sheet, (sheet.focus + by + count) % count);
};

/** Puts a value into the field that has the focus; its error is no longer true. */
export const typedInto = <S extends Sheet>(sheet: S, text: string): S => {
  const field = fieldInFocus(sheet);
  if (!field || sheet.typed[field.key] === text) return sheet;
  const { [field.key]: corrected, ...errors } = sheet.errors;
  return { ...sheet, typed: { ...sheet.typed, [field.key]: text }, errors: corrected === undefined ? sheet.errors : errors };
};

const anew = <S extends Sheet>(sheet: S): S => ({ ...sheet, edition: sheet.edition + 1 });

/** The choice before or after, or the next one that begins with a letter. */
const choiceStepped = <S extends Sheet>(sheet: S, by: 1 | -1, letter?: string): S => {
  const field = fieldInFocus(sheet);
  if (!field || field.choices.length === 0) return sheet;
  const { choices } = field;
  const now = choices.indexOf(sheet.typed[field.key] ?? '');
  for (let count = 1; count <= choices.length; count += 1) {
    const at = now < 0 && by < 0 ? choices.length - count : (now + by * count + choices.length * count) % choices.length;
    const choice = choices[at] ?? '';
    if (letter === undefined || choice.startsWith(letter.toLowerCase())) return typedInto(anew(sheet), choice);
  }
  return sheet;
};

/** Keys that only move in a sheet or change a value; undefined for those that end it. */
export const sheetPressed = <S extends Sheet>(sheet: S, intent: Intent): S | undefined => {
  switch (intent.name) {
    case 'tabbed':
      return turned(sheet, 1);
    case 'back-tabbed':
      return turned(sheet, -1);
    case 'moved':
      return typeof intent.by === 'number' ? focusedAt(sheet, sheet.focus + intent.by) : sheet;
    case 'stepped':
      return choiceStepped(sheet, intent.by);
    case 'letter-typed':
      return choiceStepped(sheet, 1, intent.letter);
    case 'cleared':
      return typedInto(anew(sheet), '');
    case 'confirmed':
      return sheet.waiting || sheet.focus >= sheet.fields.length - 1 ? undefined : focusedAt(sheet, sheet.focus + 1);
    default:
      return undefined;
  }
};

type Asked = Pick<FormField, 'key' | 'title'> & Partial<Pick<FormField, 'kind' | 'choices' | 'initial'>>;

/** Fields that ask for something that no action does: nothing of them is left out. */
export const newSheet = (wish: {
  readonly title: string;
  readonly says?: readonly string[];
  readonly words: NonNullable<Sheet['words']>;
  readonly fields: readonly Asked[];
  readonly typed?: Sheet['typed'];
}): Sheet => ({
  title: wish.title,
  label: '',
  ...(wish.says === undefined ? {} : { says: wish.says }),
  words: wish.words,
  fields: wish.fields.map(field => ({ kind: 'text', choices: [], required: true, initial: '', hidden: false, ...field })),
  typed: {
    ...Object.fromEntries(wish.fields.flatMap(({ key, initial }) => (initial === undefined ? [] : [[key, initial]]))),
    ...wish.typed,
  },
  focus: 0,
  errors: {},
  edition: 0,
  waiting: false,
});

/** The same with a field empty, as after a wrong password; what stood there is forgotten. */
export const emptied = (sheet: Sheet, ...keys: readonly string[]): Sheet => ({
  ...anew(sheet),
  typed: Object.fromEntries(Object.entries(sheet.typed).filter(([key]) => !keys.includes(key))),
});

/** Fields that nothing was typed into are named; undefined where there are none. */
export const missingFrom = (sheet: Sheet): Sheet | undefined => {
  const missing = sheet.fields.filter(field => (sheet.typed[field.key] ?? '').trim() === '');
  const [first] = missing;
  if (!first) return undefined;
  return { ...sheet, errors: Object.fromEntries(missing.map(({ key }) => [key, 'is missing'])), focus: sheet.fields.indexOf(first) };
};
