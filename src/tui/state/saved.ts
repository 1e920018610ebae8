import { done, invalid, type Outcome } from '../../domain/outcome.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { browsing, resourceOf, stay, step, withFlash, withMode } from './step.ts';
import type { State } from './types.ts';
import { openList } from './views.ts';

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N} _.-]{0,39}$/u;

const savedHere = (state: State): Readonly<Record<string, string>> => state.saved[state.view.resource] ?? {};

const kept = (state: State, filters: Readonly<Record<string, string>>, words: string): Step => {
  const saved = { ...state.saved, [state.view.resource]: filters };
  return step(withFlash({ ...browsing(state), saved }, 'good', words), { kind: 'save-filters', saved });
};

/** Keeps the filter of the list under a name. */
export const saveFilter = (state: State, name: string): Outcome<Step> => {
  const filter = [state.view.base, state.view.filter].filter(Boolean).join(' ');
  if (!namePattern.test(name)) return invalid('a saved filter needs a name of letters and digits', 'write save NAME');
  if (filter === '') return invalid('there is no filter to save', 'filter with / first');
  return done(kept(state, { ...savedHere(state), [name]: filter }, `saved as ${name}; :saved ${name} brings it back`));
};

export const forgetFilter = (state: State, name: string): Outcome<Step> => {
  const { [name]: forgotten, ...others } = savedHere(state);
  if (forgotten === undefined) return invalid(`no filter is saved as ${name} here`, 'saved lists them');
  return done(kept(state, others, `forgot ${name}`));
};

/** Opens the list with a saved filter. */
export const applySaved = (state: State, name: string): Outcome<Step> => {
  const filter = Object.hasOwn(savedHere(state), name) ? savedHere(state)[name] : undefined;
  if (filter === undefined) return invalid(`no filter is saved as ${name} here`, 'saved lists them');
  return openList(state, resourceOf(state), filter);
};

export const openSaved = (state: State): Outcome<Step> => {
  const names = Object.keys(savedHere(state)).toSorted();
  if (names.length === 0) return invalid('no filter is saved here yet', 'filter with /, then :save NAME');
  return done(stay(withMode(state, { kind: 'saved', names, chosen: 0 })));
};

type Saved = Extract<State['mode'], { kind: 'saved' }>;

/** Keys while a saved filter is chosen. */
export const savedPressed = (state: State, mode: Saved, intent: Intent): Step => {
  switch (intent.name) {
    case 'moved': {
      const goal = intent.by === 'first' ? 0 : intent.by === 'last' ? mode.names.length - 1 : mode.chosen + (Number(intent.by) || 0);
      return stay(withMode(state, { ...mode, chosen: Math.max(0, Math.min(mode.names.length - 1, goal)) }));
    }
    case 'confirmed': {
      const opened = applySaved(state, mode.names[mode.chosen] ?? '');
      return opened.ok ? opened.value : stay(withFlash(browsing(state), 'bad', opened.refusal.message, opened.refusal.next));
    }
    case 'escaped':
    case 'quit-asked':
    case 'interrupted':
      return stay(browsing(state));
    default:
      return stay(state);
  }
};
