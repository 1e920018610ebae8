import type { Step } from './effects.ts';
import { isOverfull } from './log-ring.ts';
import type { LogDemand, LogsState } from './log-types.ts';
import { changeMode, coverOf, findMode } from './mode.ts';
import type { State } from './types.ts';

/** Why logs may be followed no longer; undefined while they may. */
const whyOver = (state: State): string | undefined => {
  const cover = coverOf(state.mode)?.kind;
  if (cover === 'ended' || cover === 'sign-in') return 'the session ended';
  return state.session?.operator.permissions.has('host.use') === true ? undefined : 'the permission host.use was taken away';
};

/** Behind a lock nothing is read; a list that stands still holds so much, and takes no more. */
const demandOf = (state: State, logs: LogsState): LogDemand => {
  if (coverOf(state.mode)) return 'rest';
  return logs.paused || (logs.at !== undefined && isOverfull(logs.ring)) ? 'hold' : 'flow';
};

type Wanted = { readonly follow: string; readonly demand: LogDemand };

const wantedIn = (state: State): Wanted | undefined => {
  const logs = findMode(state.mode, 'logs')?.logs;
  return logs && logs.ended === undefined ? { follow: logs.follow, demand: demandOf(state, logs) } : undefined;
};

const settled = (state: State): State => {
  const logs = findMode(state.mode, 'logs')?.logs;
  const ended = logs && logs.ended === undefined ? whyOver(state) : undefined;
  return ended === undefined
    ? state
    : { ...state, mode: changeMode(state.mode, 'logs', mode => ({ ...mode, logs: { ...mode.logs, ended } })) };
};

/** Whatever led to a state: reading goes on, waits, rests or ends as the screen is now. */
export const steered = (before: State, { state: after, effects }: Step): Step => {
  const state = settled(after);
  const [was, is] = [wantedIn(before), wantedIn(state)];
  if (was?.follow === is?.follow && was?.demand === is?.demand) return { state, effects };
  const follow = is?.follow ?? was?.follow ?? '';
  return { state, effects: [...effects, { kind: 'steer-logs', follow, demand: is?.demand ?? 'end' }] };
};
