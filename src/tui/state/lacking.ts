import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { findMode, isCovered, underOf } from './mode.ts';
import { readBeneath } from './views.ts';
import { stay, withMode } from './step.ts';
import type { Mode, State } from './types.ts';

type Lacking = Extract<Mode, { kind: 'lacking' }>;

/** Hides what was read before an older backup took the bank's place: what would be read now is another schema's. What was begun stays under it. */
export const coverLacking = (state: State): State => (isCovered(state) ? state : withMode(state, { kind: 'lacking', under: state.mode }));

const without = (mode: Mode): Mode => {
  if (mode.kind === 'lacking') return mode.under;
  const under = underOf(mode);
  return under ? ({ ...mode, under: without(under) } as Mode) : mode;
};

/** The migrations are applied: everything is as it was left, and read again. */
export const uncoverLacking = (state: State): Step =>
  findMode(state.mode, 'lacking') ? readBeneath(withMode(state, without(state.mode))) : stay(state);

/** Keys while migrations wait: nothing but leaving. */
export const lackingPressed = (state: State, mode: Lacking, intent: Intent): Step =>
  intent.name === 'quit-asked' || intent.name === 'interrupted' ? stay(withMode(state, { kind: 'quit', under: mode })) : stay(state);
