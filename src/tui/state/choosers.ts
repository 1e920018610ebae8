import type { AnyResource } from '../../kit/define-resource.ts';
import { layoutOf } from './layout.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { browsing, resourceOf, stay, withMode, withView } from './step.ts';
import type { Mode, State, View } from './types.ts';
import { sortBy } from './views.ts';

export type SortChoice = { readonly field: string; readonly title: string };

/** What a list can be sorted by: its columns that have an index, then fields without a column. */
export const sortChoices = (resource: AnyResource): readonly SortChoice[] => {
  const columns = resource.columns.flatMap(column => (column.sort === undefined ? [] : [{ field: column.sort, title: column.title }]));
  const known = new Set(columns.map(choice => choice.field));
  const others = Object.entries(resource.page.fields).filter(([field, { sortable }]) => sortable && !known.has(field));
  return [...columns.filter(choice => resource.page.fields[choice.field]?.sortable), ...others.map(([field]) => ({ field, title: field }))];
};

/** The titles of the columns that a view shows when there is room for all. */
export const shownColumns = (resource: AnyResource, view: View): readonly string[] =>
  view.columns ?? resource.columns.filter(column => view.wide || (column.priority ?? 1) < 3).map(column => column.title);

export const openSort = (state: State): Step => {
  const chosen = sortChoices(resourceOf(state)).findIndex(choice => choice.field === state.view.sort.field);
  return stay(withMode(state, { kind: 'sort', chosen: Math.max(0, chosen) }));
};

const movedIn = (chosen: number, by: Extract<Intent, { name: 'moved' }>['by'], length: number, lines: number): number => {
  const goals = {
    first: 0,
    last: length - 1,
    'page-down': chosen + lines,
    'page-up': chosen - lines,
    'half-down': chosen + lines,
    'half-up': chosen - lines,
  };
  return Math.max(0, Math.min(length - 1, typeof by === 'number' ? chosen + by : goals[by]));
};

type Sorting = Extract<Mode, { kind: 'sort' }>;
type Choosing = Extract<Mode, { kind: 'columns' }>;

/** Keys while the order is chosen; the order of now, chosen again, is turned round. */
export const sortPressed = (state: State, mode: Sorting, intent: Intent): Step => {
  const choices = sortChoices(resourceOf(state));
  switch (intent.name) {
    case 'moved':
      return stay(withMode(state, { ...mode, chosen: movedIn(mode.chosen, intent.by, choices.length, layoutOf(state.size).listRows) }));
    case 'confirmed': {
      const { field } = choices[mode.chosen] ?? state.view.sort;
      const { sort } = state.view;
      return sortBy(state, field, field === sort.field ? !sort.descending : field === resourceOf(state).since);
    }
    case 'escaped':
    case 'quit-asked':
    case 'interrupted':
      return stay(browsing(state));
    default:
      return stay(state);
  }
};

const toggled = (state: State, chosen: number): State => {
  const resource = resourceOf(state);
  const title = resource.columns[chosen]?.title;
  // The first column names the record: it always stays
  if (title === undefined || chosen === 0) return state;
  const shown = new Set(shownColumns(resource, state.view));
  if (!shown.delete(title)) shown.add(title);
  const columns = resource.columns.map(column => column.title).filter(other => shown.has(other));
  return withView({ ...state, columns: { ...state.columns, [resource.id]: columns } }, { columns });
};

/** Keys while columns are chosen. */
export const columnsPressed = (state: State, mode: Choosing, intent: Intent): Step => {
  switch (intent.name) {
    case 'moved': {
      const { length } = resourceOf(state).columns;
      return stay(withMode(state, { ...mode, chosen: movedIn(mode.chosen, intent.by, length, layoutOf(state.size).listRows) }));
    }
    case 'toggled':
      return stay(toggled(state, mode.chosen));
    case 'confirmed':
    case 'escaped':
    case 'quit-asked':
    case 'interrupted':
      return stay(browsing(state));
    default:
      return stay(state);
  }
};
