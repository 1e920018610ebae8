import type { Step } from './effects.ts';
import { underOf } from './mode.ts';
import type { Mode, State } from './types.ts';

/**
 * An answer reaches the dialog that waits for it, whatever lies over that; what lies over it stays. It is meant for the uppermost
 * mode of a kind, or, without one, for the lowest of all.
 */
export const beneath = (state: State, answer: (state: State) => Step, kind?: Mode['kind']): Step => {
  const { mode } = state;
  const under = underOf(mode);
  if (!under || mode.kind === kind) return answer(state);
  const step = beneath({ ...state, mode: under }, answer, kind);
  return {
    effects: step.effects,
    state: { ...step.state, mode: step.state.mode === under ? mode : ({ ...mode, under: step.state.mode } as Mode) },
  };
};
