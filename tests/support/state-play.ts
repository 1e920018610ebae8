import type { Effect, Step } from '../../src/tui/state/effects.ts';
import type { Happening, Intent } from '../../src/tui/state/events.ts';
import type { State } from '../../src/tui/state/types.ts';
import { update } from '../../src/tui/state/update.ts';
import { noon } from './state.ts';

/** One event; `after` is milliseconds since noon. */
export const happen = (state: State, happening: Happening, after = 0): Step => update(state, { ...happening, at: noon + after });

/** Intents that are no more than a name. */
type Plain = Exclude<Intent, { by: unknown } | { index: unknown } | { key: unknown } | { letter: unknown }>['name'];

/** Keys one after another; the step of the last. */
export const press = (state: State, ...intents: readonly (Intent | Plain)[]): Step => {
  let step: Step = { state, effects: [] };
  for (const intent of intents) {
    step = happen(step.state, { kind: 'key-pressed', intent: typeof intent === 'string' ? { name: intent } : intent });
  }
  return step;
};

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

/** The effect of a kind that a step asks for. */
export const effectOf = <Kind extends Effect['kind']>({ effects }: Step, kind: Kind): Of<Kind> | undefined =>
  effects.find((effect): effect is Of<Kind> => effect.kind === kind);

export const kindsOf = ({ effects }: Step): readonly Effect['kind'][] => effects.map(effect => effect.kind);
