import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { layoutOf } from './layout.ts';
import { stay, withMode } from './step.ts';
import type { Mode, State } from './types.ts';

type Help = Extract<Mode, { kind: 'help' }>;

export const openHelp = (state: State): Step => stay(withMode(state, { kind: 'help', scroll: 0, tour: undefined, under: state.mode }));

/** How far a text is scrolled after a key; its end is known to the screen alone, which stops there. */
export const scrolledBy = (scroll: number, by: Extract<Intent, { name: 'moved' }>['by'], lines: number): number => {
  switch (by) {
    case 'first':
      return 0;
    case 'last':
      return scroll + 10 * lines;
    case 'page-down':
    case 'half-down':
      return scroll + Math.ceil(lines / 2);
    case 'page-up':
    case 'half-up':
      return Math.max(0, scroll - Math.ceil(lines / 2));
    default:
      return Math.max(0, scroll + by);
  }
};

/** Keys while help is shown. */
export const helpPressed = (state: State, mode: Help, intent: Intent): Step => {
  switch (intent.name) {
    case 'moved':
      return stay(withMode(state, { ...mode, scroll: scrolledBy(mode.scroll, intent.by, layoutOf(state.size).bodyLines) }));
    case 'stepped':
      return stay(mode.tour === undefined ? state : withMode(state, { ...mode, tour: Math.max(0, mode.tour + intent.by), scroll: 0 }));
    case 'confirmed':
      return stay(withMode(state, mode.tour === undefined ? mode.under : { ...mode, tour: mode.tour + 1, scroll: 0 }));
    case 'toured':
      return stay(withMode(state, { ...mode, tour: 0, scroll: 0 }));
    case 'helped':
    case 'escaped':
    case 'quit-asked':
    case 'interrupted':
      return stay(withMode(state, mode.under));
    default:
      return stay(state);
  }
};
