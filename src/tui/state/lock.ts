import type { Step } from './effects.ts';
import type { Event, Happening, Intent } from './events.ts';
import { changeMode, coverOf, findMode, isCovered, runningBulk } from './mode.ts';
import { emptied, missingFrom, newSheet, sheetPressed, typedInto } from './sheet.ts';
import { stay, step, withMode } from './step.ts';
import type { LockState, Sheet } from './session-types.ts';
import type { Mode, State } from './types.ts';
import { readBeneath } from './views.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;
type Locked = Extract<Mode, { kind: 'lock' }>;

/** Without a key for this long nobody is there, in milliseconds. The database counts the same for itself. */
const idleFor = 15 * 60_000;

const unlockSheet = (isDemo: boolean): Sheet =>
  newSheet({
    title: 'Unlock',
    words: { button: 'Unlock', calm: isDemo ? 'a demo asks for no password' : 'with your password', busy: 'checking ...' },
    fields: isDemo ? [] : [{ key: 'password', title: 'Password', kind: 'secret' }],
  });

type Locking = { readonly why: string; readonly at: number; readonly suspends?: boolean; readonly isKept?: boolean };

/**
 * Hides everything at once; what was begun stays under it. The database locks the session as well, but not while a
 * bulk is carried out: that goes on, and is locked behind.
 */
export const lockNow = (state: State, { why, at, suspends = false, isKept = false }: Locking): Step => {
  const lock: LockState = {
    why,
    since: at,
    sheet: unlockSheet(state.session?.environment.demo ?? false),
    refusal: undefined,
    runs: [],
    isKept,
  };
  const locked = withMode(state, { kind: 'lock', lock, under: state.mode });
  if (isKept || runningBulk(state)) return suspends ? step(locked, { kind: 'suspend' }) : stay(locked);
  return step(locked, { kind: 'lock', suspends });
};

/** `^Z` locks before it goes back to the shell: whoever types fg is not always whoever left. */
export const suspend = (state: State, at: number): Step =>
  state.session?.presence && !isCovered(state)
    ? lockNow(state, { why: 'it was left for the shell', at, suspends: true })
    : step(state, { kind: 'suspend' });

/** Locks when nobody pressed a key for long, whether or not the database answers. */
export const lockIfIdle = (state: State, at: number): Step =>
  state.session?.presence && !isCovered(state) && at - state.pulse.keyAt >= idleFor
    ? lockNow(state, { why: 'nobody pressed a key for 15 minutes', at })
    : stay(state);

const withLock = (state: State, changes: Partial<LockState>): State => ({
  ...state,
  mode: changeMode(state.mode, 'lock', mode => ({ ...mode, lock: { ...mode.lock, ...changes } })),
});

/** How far runs are, for whoever looks at a locked screen; nothing where it is not locked. */
export const withRuns = (state: State, runs: LockState['runs'] | undefined): State =>
  runs !== undefined && findMode(state.mode, 'lock') ? withLock(state, { runs }) : state;

/** The database has locked the session, as it was asked to. */
export const lockKept = (state: State): Step => stay(withLock({ ...state, pulse: { ...state.pulse, beating: false } }, { isKept: true }));

/** The database has locked the session by its own count. */
export const sessionLocked = (state: State, at: number, why = 'the database locked it'): Step => {
  if (findMode(state.mode, 'lock')) return stay(withLock(state, { isKept: true }));
  return isCovered(state) ? stay(state) : lockNow(state, { why, at, isKept: true });
};

const submit = (state: State, { lock }: Locked): Step => {
  const missing = missingFrom(lock.sheet);
  if (missing) return stay(withLock(state, { sheet: missing }));
  const sheet = { ...emptied(lock.sheet, 'password'), errors: {}, waiting: true };
  return step(withLock(state, { sheet, refusal: undefined }), { kind: 'unlock', password: lock.sheet.typed['password'] ?? '' });
};

/** Puts what was typed into the password's field. */
export const typeInLock = (state: State, { sheet }: LockState, text: string): State =>
  sheet.waiting ? state : withLock(state, { sheet: typedInto(sheet, text) });

/** Keys while the console is locked: nothing but unlocking and leaving. */
export const lockPressed = (state: State, mode: Locked, intent: Intent): Step => {
  const { sheet } = mode.lock;
  const next = sheet.waiting ? undefined : sheetPressed(sheet, intent);
  if (next) return stay(withLock(state, { sheet: next }));
  switch (intent.name) {
    case 'confirmed':
      return sheet.waiting ? stay(state) : submit(state, mode);
    case 'interrupted':
    case 'quit-asked':
      return stay(withMode(state, { kind: 'quit', under: mode }));
    default:
      return stay(state);
  }
};

/** Unlocked: everything is as it was left, and read again. */
export const unlockAnswered = (state: State, { outcome, at }: Of<'unlock-answered'>): Step => {
  const mode = findMode(state.mode, 'lock');
  if (!mode) return stay(state);
  if (!outcome.ok) return stay(withLock(state, { sheet: { ...mode.lock.sheet, waiting: false }, refusal: outcome.refusal }));
  const { pulse, asked } = state;
  return readBeneath({
    ...withMode(state, mode.under),
    asked: { ...asked, pulse: asked.pulse + 1 },
    pulse: { ...pulse, keyAt: at, active: true },
  });
};

/** The session is over. What was begun stays for whoever signs in as the same operator; a bulk stops where somebody ended it. */
export const endSession = (state: State, why: string, isRevoked: boolean): Step => {
  if (coverOf(state.mode)?.kind === 'ended' || coverOf(state.mode)?.kind === 'sign-in') return stay(state);
  const lock = findMode(state.mode, 'lock');
  const ended = withMode(state, { kind: 'ended', why, under: lock ? lock.under : state.mode });
  return isRevoked && runningBulk(ended) ? step(ended, { kind: 'abort-bulk' }) : stay(ended);
};
