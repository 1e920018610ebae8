import { invalid, done, type Outcome } from '../../domain/outcome.ts';
import type { Step } from './effects.ts';
import type { Event, Happening } from './events.ts';
import { openForm } from './form.ts';
import { isCovered } from './mode.ts';
import { beat } from './pulse.ts';
import { newPulse } from './start.ts';
import { actionOf, andThen, browsing, stay, step, withFlash } from './step.ts';
import type { State } from './types.ts';
import { follow, readView } from './views.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** `:as ROLE`: goes on as another operator of the demo. */
export const become = (state: State, role: string): Outcome<Step> => {
  if (!state.session?.become) return invalid('only a demo lets one be somebody else', 'leave, and sign in as another operator');
  if (role === '') return invalid('as whom?', 'write as ROLE, for example as manager');
  if (state.unsettled.length > 0) return invalid('the outcome of something you did is not known yet', 'wait until it is found out');
  const leaving = { ...browsing(state), pulse: { ...state.pulse, handedOver: true } };
  return done(step(withFlash(leaving, 'info', `becoming ${role} ...`), { kind: 'become', role }));
};

/** Another operator looks at the same list. What the one before did is theirs to undo. */
export const became = (state: State, { outcome, at }: Of<'became'>): Step => {
  if (!outcome.ok) {
    const kept = { ...state, pulse: { ...state.pulse, handedOver: false } };
    return stay(withFlash(kept, 'bad', outcome.refusal.message, outcome.refusal.next));
  }
  const { operator } = outcome.value;
  const asked = { ...state.asked, pulse: state.asked.pulse + 1 };
  const other = { ...state, session: outcome.value, asked, pulse: newPulse(at), done: [], now: at };
  if (isCovered(other)) return stay(other);
  const told = withFlash(
    browsing(other),
    'good',
    `you are ${operator.name} now: ${operator.roles.join(', ')}`,
    'read-only; W opens a write window',
  );
  return andThen(readView(told), beat);
};

/** `i`: what waits for a decision. */
export const openInbox = (state: State): Step => follow(state, { resource: 'inbox', filter: 'open=yes' });

/** `!`: the form that declares an incident. */
export const openIncident = (state: State): Step => {
  const action = actionOf(state, 'incidents.declare');
  if (!action || !state.session) return stay(state);
  if (!state.session.operator.permissions.has(action.permission)) {
    return stay(withFlash(state, 'warn', `${action.title} needs the permission ${action.permission}`));
  }
  return openForm(state, { action: action.id, ids: [], label: '', typed: {} });
};
