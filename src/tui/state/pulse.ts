import type { Pulse } from '../../kit/presence.ts';
import type { Step } from './effects.ts';
import type { Event, Happening } from './events.ts';
import { coverLacking, uncoverLacking } from './lacking.ts';
import { endSession, sessionLocked, withRuns } from './lock.ts';
import { coverOf, findMode, isCovered, runningBulk } from './mode.ts';
import { andThen, stay, step } from './step.ts';
import type { PulseState } from './session-types.ts';
import type { State } from './types.ts';
import { lapsed } from './write-window.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** A code holds five minutes; it is asked for again a little earlier than the database would. In milliseconds. */
export const codeHolds = 5 * 60_000 - 5_000;

/** Feels the session's pulse, one at a time. Where the database has not locked what is locked here, it is asked to. */
export const beat = (state: State): Step => {
  const { session, pulse, asked } = state;
  const cover = coverOf(state.mode);
  if (!session?.presence || pulse.beating || pulse.handedOver || cover?.kind === 'sign-in' || cover?.kind === 'ended') return stay(state);
  const bulk = runningBulk(state);
  const lock = findMode(state.mode, 'lock')?.lock;
  if (lock && !lock.isKept && !bulk && !lock.sheet.waiting)
    return step({ ...state, pulse: { ...pulse, beating: true } }, { kind: 'lock', suspends: false });
  const active = bulk !== undefined || (pulse.active && !lock);
  const next = { ...state, asked: { ...asked, pulse: asked.pulse + 1 }, pulse: { ...pulse, beating: true, active: false } };
  return step(next, { kind: 'pulse', asked: next.asked.pulse, active, locked: lock !== undefined });
};

/** Whatever is on its way was asked before this: its answer is no longer true. */
export const beatAnew = (state: State): Step => {
  const { asked } = state;
  return beat({ ...state, asked: { ...asked, pulse: asked.pulse + 1 } });
};

/** Actions are grey, or not, by what the operator may do now. */
const withPermissions = (state: State, permissions: readonly string[] | null): State => {
  const { session } = state;
  if (!session || !permissions) return state;
  const held = session.operator.permissions;
  if (held.size === permissions.length && permissions.every(permission => held.has(permission))) return state;
  return { ...state, session: { ...session, operator: { ...session.operator, permissions: new Set(permissions) } } };
};

const alive = (state: State, last: Pulse, at: number): State => {
  const ahead = last.at.getTime() - at;
  const writesUntil = last.windowExpiresAt ? last.windowExpiresAt.getTime() - ahead : undefined;
  const pulse: PulseState = {
    ...state.pulse,
    last,
    ahead,
    writesUntil,
    wroteBefore: state.pulse.wroteBefore || writesUntil !== undefined,
    codeUntil: last.codeAt ? last.codeAt.getTime() - ahead + codeHolds : 0,
  };
  const next = withPermissions({ ...state, pulse }, last.permissions);
  return state.pulse.writesUntil !== undefined && writesUntil === undefined ? lapsed(next) : next;
};

/** What the session is right now: live, locked or ended. */
export const pulseFelt = (before: State, { asked, pulse, at }: Of<'pulse-felt'>): Step => {
  const lacks = pulse.lacks ?? 0;
  const state = withRuns({ ...before, pulse: { ...before.pulse, beating: false, lacks } }, pulse.runs);
  if (asked !== state.asked.pulse || state.pulse.handedOver) return stay(state);
  if (pulse.state === 'ended' || pulse.state === 'over')
    return endSession(state, pulse.why ?? 'this session ended', pulse.state === 'ended');
  if (pulse.state === 'locked') return sessionLocked(state, at, pulse.why ?? undefined);
  // Behind a cover nobody reads: that the database answers again is heard here
  const found = isCovered(state) || lacks > 0 ? { ...state, lostSince: undefined } : state;
  if (lacks > 0) return stay(coverLacking(found));
  return andThen(stay(alive(found, pulse, at)), uncoverLacking);
};

export const pulseFailed = (before: State, { lost, at }: Of<'pulse-failed'>): Step => {
  const state = { ...before, pulse: { ...before.pulse, beating: false } };
  return stay(lost && state.lostSince === undefined ? { ...state, lostSince: at } : state);
};

/** By our own clock too: the window lapses on screen even when the database does not answer. */
export const lapseIfDue = (state: State): State =>
  state.pulse.writesUntil !== undefined && state.pulse.writesUntil <= state.now ? lapsed(state) : state;
