import type { Keyed } from '../../domain/page.ts';
import type { AnyAction } from '../../kit/define-action.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import { requestOf } from '../../kit/run-bulk.ts';
import type { Effect, Step } from './effects.ts';
import type { Flash, Mode, State, View } from './types.ts';

/** A step that asks for nothing. */
export const stay = (state: State): Step => ({ state, effects: [] });

export const step = (state: State, ...effects: readonly Effect[]): Step => ({ state, effects });

/** One step after another: the effects of both, the state of the last. */
export const andThen = (first: Step, next: (state: State) => Step): Step => {
  const second = next(first.state);
  return first.effects.length === 0 ? second : { state: second.state, effects: [...first.effects, ...second.effects] };
};

export const withView = (state: State, changes: Partial<View>): State => ({ ...state, view: { ...state.view, ...changes } });

export const withMode = (state: State, mode: Mode): State => ({ ...state, mode });

export const browsing = (state: State): State => (state.mode.kind === 'browse' ? state : { ...state, mode: { kind: 'browse' } });

export const withFlash = (state: State, tone: Flash['tone'], text: string, next?: string): State => ({
  ...state,
  flash: next === undefined ? { tone, text } : { tone, text, next },
  flashedAt: state.now,
});

/** What was told stays this long, whatever keys are pressed, in milliseconds; what was done stays longer. */
const shortest = 1_500;
const longest = 20_000;

/** Takes away what was told long enough ago: with the next key, or, if it was good news, by itself. */
export const withoutOldFlash = (state: State, at: number, isKey: boolean): State => {
  if (!state.flash) return state;
  const age = at - state.flashedAt;
  const calm = state.flash.tone === 'good' || state.flash.tone === 'info';
  const isOver = state.flash.tone === 'good' ? age > longest : (isKey && age > shortest) || (calm && age > longest);
  return isOver ? { ...state, flash: undefined } : state;
};

/** Takes the next number of a kind of question; answers under older numbers are dropped. */
export const asking = (state: State, kind: keyof State['asked']): { readonly state: State; readonly asked: number } => {
  const asked = state.asked[kind] + 1;
  return { state: { ...state, asked: { ...state.asked, [kind]: asked } }, asked };
};

/** Takes an idempotency key: a UUID that nobody else has, the same whenever the same events are played. */
export const newRequest = (state: State): { readonly state: State; readonly request: string } => ({
  state: { ...state, requests: state.requests + 1 },
  request: requestOf(state.seed, String(state.requests)),
});

export const resourceOf = (state: State, id: string = state.view.resource): AnyResource => {
  const resource = state.registry.resources.find(candidate => candidate.id === id);
  if (!resource) throw new Error(`no pane ${id}`);
  return resource;
};

export const actionOf = (state: State, id: string): AnyAction | undefined => state.registry.actions.find(action => action.id === id);

export const indexOfCursor = (view: View): number =>
  view.cursor === undefined ? -1 : view.window.rows.findIndex(row => row.id === view.cursor);

export const rowAtCursor = (view: View): Keyed | undefined =>
  view.window.rows[indexOfCursor(view)] ?? (view.left?.id === view.cursor ? view.left : undefined);
