import type { Session } from '../../kit/session.ts';
import type { Step } from './effects.ts';
import type { Event, Happening, Intent } from './events.ts';
import { changeMode, findMode } from './mode.ts';
import { beat } from './pulse.ts';
import { emptied, missingFrom, newSheet, sheetPressed } from './sheet.ts';
import { newPulse, newView } from './start.ts';
import { andThen, resourceOf, stay, step, withMode } from './step.ts';
import type { Mode, State } from './types.ts';
import { readView } from './views.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;
type SignIn = Extract<Mode, { kind: 'sign-in' }>;

/** Asks who somebody is. What lies under it comes back for the same operator only. */
const openSignIn = (state: State, under: Mode): Step => {
  const name = state.session?.operator.name;
  const sheet = newSheet({
    title: 'Sign in',
    words: { button: 'Sign in', calm: '', busy: 'checking ...' },
    fields: [
      { key: 'name', title: 'Name' },
      { key: 'password', title: 'Password', kind: 'secret' },
      { key: 'code', title: 'One-time code', kind: 'secret' },
    ],
    ...(name === undefined ? {} : { typed: { name } }),
  });
  return stay(withMode(state, { kind: 'sign-in', sheet: { ...sheet, focus: name === undefined ? 0 : 1 }, refusal: undefined, under }));
};

export const gateOpened = (state: State, { gate }: Of<'gate-opened'>): Step =>
  state.session ? stay({ ...state, gate }) : openSignIn({ ...state, gate, starting: '' }, state.mode);

const submit = (state: State, mode: SignIn): Step => {
  const missing = missingFrom(mode.sheet);
  if (missing) return stay(withMode(state, { ...mode, sheet: missing }));
  const { name = '', password = '', code = '' } = mode.sheet.typed;
  const sheet = { ...emptied(mode.sheet, 'password', 'code'), errors: {}, waiting: true };
  return step(withMode(state, { ...mode, sheet, refusal: undefined }), {
    kind: 'sign-in',
    name: name.trim(),
    password,
    code: code.trim(),
  });
};

/** Keys while somebody signs in. Checking a password is slow on purpose, and holds no key up. */
export const signInPressed = (state: State, mode: SignIn, intent: Intent): Step => {
  const sheet = mode.sheet.waiting ? undefined : sheetPressed(mode.sheet, intent);
  if (sheet) return stay(withMode(state, { ...mode, sheet }));
  switch (intent.name) {
    case 'confirmed':
      return mode.sheet.waiting ? stay(state) : submit(state, mode);
    case 'escaped':
    case 'interrupted':
      return stay(withMode(state, { kind: 'quit', under: mode }));
    default:
      return stay(state);
  }
};

/** Another operator finds nothing of what the one before left: no marks, no views, no way back. */
const forAnother = (state: State): State => ({
  ...state,
  mode: { kind: 'browse' },
  view: newView(resourceOf(state)),
  back: [],
  forward: [],
  done: [],
  unsettled: [],
  commands: [],
  filters: [],
  flash: undefined,
});

/** There is a session: the lists are read, and its pulse is felt at once. */
export const connect = (state: State, session: Session, at: number): Step => {
  const before = state.session;
  const isSame = before === undefined || before.operator.id === session.operator.id;
  const signIn = findMode(state.mode, 'sign-in');
  const kept = isSame ? withMode(state, signIn ? signIn.under : state.mode) : forAnother(state);
  const asked = { ...kept.asked, pulse: kept.asked.pulse + 1 };
  const open = { ...kept, session, starting: '', now: at, asked, pulse: { ...newPulse(at), beating: false }, lostSince: undefined };
  return andThen(readView(open), beat);
};

export const signInAnswered = (state: State, { outcome, at }: Of<'sign-in-answered'>): Step => {
  if (outcome.ok) return connect(state, outcome.value, at);
  const { refusal } = outcome;
  const mode = changeMode(state.mode, 'sign-in', ({ sheet, under }) => ({
    kind: 'sign-in',
    sheet: { ...sheet, waiting: false, focus: 1 },
    refusal,
    under,
  }));
  return stay({ ...state, mode });
};

/** Keys after the session ended: in again where one signs in, or out. */
export const endedPressed = (state: State, mode: Extract<Mode, { kind: 'ended' }>, intent: Intent): Step => {
  switch (intent.name) {
    case 'confirmed':
      return state.gate ? openSignIn(state, mode.under) : step(state, { kind: 'quit' });
    case 'quit-asked':
    case 'interrupted':
      return step(state, { kind: 'quit' });
    default:
      return stay(state);
  }
};
