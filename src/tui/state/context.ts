import { fieldInFocus } from './sheet.ts';
import type { Mode, State } from './types.ts';
import type { Sheet } from './session-types.ts';

/** What has the focus, and so says what keys mean. */
export type Context =
  | 'list'
  | 'detail'
  | 'filter'
  | 'command'
  | 'actions'
  | 'field'
  | 'choice'
  | 'buttons'
  | 'confirm'
  | 'words'
  | 'bulk'
  | 'columns'
  | 'sort'
  | 'saved'
  | 'window'
  | 'logs'
  | 'log-line'
  | 'log-words'
  | 'help'
  | 'quit'
  | 'sign-in'
  | 'lock'
  | 'lacking'
  | 'ended';

const contextOfSheet = (sheet: Sheet): Context => {
  const field = fieldInFocus(sheet);
  if (!field) return 'buttons';
  return field.kind === 'choice' || field.kind === 'yes-no' ? 'choice' : 'field';
};

const contextOfMode = (state: State, mode: Mode): Context => {
  switch (mode.kind) {
    case 'browse':
      return state.view.inDetail ? 'detail' : 'list';
    case 'form':
      return contextOfSheet(mode.form);
    case 'logs':
      return mode.logs.typing ? 'log-words' : mode.logs.whole ? 'log-line' : 'logs';
    case 'logs-form':
    case 'window':
    case 'code':
      return contextOfSheet(mode.sheet);
    case 'window-menu':
      return 'window';
    case 'confirm':
      return mode.confirm.focus === 'words' ? 'words' : 'confirm';
    default:
      return mode.kind;
  }
};

export const contextOf = (state: State): Context => contextOfMode(state, state.mode);

/** What is typed into where somebody signs in or unlocks; its letters belong to the field. */
const sheetOfCover = ({ mode }: State): Sheet | undefined =>
  mode.kind === 'sign-in' ? mode.sheet : mode.kind === 'lock' ? mode.lock.sheet : undefined;

/** Whether a text field has the focus, so that letters belong to it. */
export const isTyping = (state: State): boolean => {
  const cover = sheetOfCover(state);
  if (cover) return fieldInFocus(cover) !== undefined;
  return ['filter', 'command', 'field', 'words', 'log-words'].includes(contextOf(state));
};

/** Whether what Ink draws takes keys itself: a text field, or a list of choices. */
export const isFieldFed = (state: State): boolean => isTyping(state) || contextOf(state) === 'choice';
