import type { Outcome } from '../domain/outcome.ts';
import { previewDecision, runDecision } from './decide-request.ts';
import type { AnyAction } from './define-action.ts';
import { previewAction, runAction } from './run-action.ts';
import type { Acting, Preview, Receipt, RunOptions, Typed } from './request.ts';

/** How one record is looked at and done, alone or in a bulk. */
export type Single = {
  readonly preview: (action: AnyAction, typed: Typed) => Promise<Outcome<Preview>>;
  readonly run: (action: AnyAction, typed: Typed, options: RunOptions) => Promise<Outcome<Receipt>>;
};

/** `actions` are those that a request may ask for. */
export const singleOf = (acting: Acting, actions: readonly AnyAction[]): Single => ({
  preview: (action, typed) => (action.carriesOut ? previewDecision(action, typed, acting, actions) : previewAction(action, typed, acting)),
  run: (action, typed, options) =>
    action.carriesOut ? runDecision(action, typed, acting, options, actions) : runAction(action, typed, acting, options),
});
