import { completeFilter } from './completion.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { cleared, completed, recalled, refusedLine, remembered, retyped } from './line.ts';
import { newLine } from './start.ts';
import { browsing, resourceOf, stay, withMode } from './step.ts';
import type { Line, State } from './types.ts';
import { applyFilter, termsOf } from './views.ts';

const withLine = (state: State, line: Line): State => withMode(state, { kind: 'filter', line });

export const openFilter = (state: State): Step => {
  const text = state.view.filter === '' ? '' : `${state.view.filter} `;
  return stay(withLine(state, { ...newLine(text), completions: completeFilter(resourceOf(state), text) }));
};

const apply = (state: State, line: Line): Step => {
  const filter = line.text.trim();
  if (filter === state.view.filter) return stay(browsing(state));
  const terms = termsOf(state, resourceOf(state), [state.view.base, filter].filter(Boolean).join(' '));
  if (!terms.ok) return stay(withLine(state, refusedLine(line, terms.refusal.message, terms.refusal.next)));
  return applyFilter({ ...state, filters: remembered(state.filters, filter) }, filter, terms.value);
};

export const typeFilter = (state: State, line: Line, text: string): Step =>
  stay(withLine(state, retyped(line, text, completeFilter(resourceOf(state), text))));

/** Keys while a filter is typed. A mistake is shown in place, and the list stays as it is. */
export const filterPressed = (state: State, line: Line, intent: Intent): Step => {
  switch (intent.name) {
    case 'confirmed':
      return apply(state, line);
    case 'tabbed':
      return stay(
        withLine(
          state,
          completed(line, 1, text => completeFilter(resourceOf(state), text)),
        ),
      );
    case 'back-tabbed':
      return stay(
        withLine(
          state,
          completed(line, -1, text => completeFilter(resourceOf(state), text)),
        ),
      );
    case 'moved':
      return stay(typeof intent.by === 'number' ? withLine(state, recalled(line, state.filters, intent.by)) : state);
    case 'cleared':
      return stay(withLine(state, cleared(line, completeFilter(resourceOf(state), ''))));
    case 'escaped':
    case 'interrupted':
      return stay(browsing(state));
    default:
      return stay(state);
  }
};
