import { fieldInFocus } from './form.ts';
import type { Mode, State } from './types.ts';

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
  | 'help'
  | 'quit';

const contextOfMode = (state: State, mode: Mode): Context => {
  switch (mode.kind) {
    case 'browse':
      return state.view.inDetail ? 'detail' : 'list';
    case 'form': {
      const field = fieldInFocus(mode.form);
      if (!field) return 'buttons';
      return field.kind === 'choice' || field.kind === 'yes-no' ? 'choice' : 'field';
    }
    case 'confirm':
      return mode.confirm.focus === 'words' ? 'words' : 'confirm';
    default:
      return mode.kind;
  }
};

export const contextOf = (state: State): Context => contextOfMode(state, state.mode);

/** Whether a text field has the focus, so that letters belong to it. */
export const isTyping = (state: State): boolean => ['filter', 'command', 'field', 'words'].includes(contextOf(state));

/** Whether what Ink draws takes keys itself: a text field, or a list of choices. */
export const isFieldFed = (state: State): boolean => isTyping(state) || contextOf(state) === 'choice';
