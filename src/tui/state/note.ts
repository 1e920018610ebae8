import { noteOn, sameForAll } from '../../kit/notes.ts';
import type { Step } from './effects.ts';
import { openForm } from './form.ts';
import { actionOf, resourceOf, rowAtCursor, stay, withFlash } from './step.ts';
import type { State } from './types.ts';

/** `m`: the form that notes something on the record under the cursor, or on the marked ones. */
export const openNote = (state: State): Step => {
  const resource = resourceOf(state);
  const row = rowAtCursor(state.view);
  const binding = noteOn(resource);
  const action = binding && actionOf(state, binding.action);
  if (!row || !state.session) return stay(state);
  if (!action) return stay(withFlash(state, 'info', `nothing is noted on records of ${resource.title}`));
  if (!state.session.operator.permissions.has(action.permission)) {
    return stay(withFlash(state, 'warn', `${action.title} needs the permission ${action.permission}`));
  }
  const marked = [...state.view.marks];
  if (marked.length > 1) {
    const label = `${marked.length.toLocaleString('en')} records`;
    return openForm(state, { action: action.id, ids: marked, label, typed: sameForAll(resource, action.id) });
  }
  return openForm(state, { action: action.id, ids: [], label: resource.nameOf(row), typed: binding.inputFrom(row) });
};
