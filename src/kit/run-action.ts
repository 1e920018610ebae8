import { done, failed, type Outcome } from '../domain/outcome.ts';
import { admit, inputHash, previewOf } from './admit.ts';
import { askForApproval } from './ask-for-approval.ts';
import { auditAttempt, beginAction } from './audit.ts';
import { attempt, carryOut } from './carry-out.ts';
import type { AnyAction } from './define-action.ts';
import { Refused } from './refused.ts';
import type { Acting, Preview, Receipt, RunOptions, Typed } from './request.ts';
import { settle } from './settle.ts';

/** What would happen. Reads only. */
export const previewAction = async (action: AnyAction, typed: Typed, acting: Acting): Promise<Outcome<Preview>> => {
  const admitted = await admit(action, typed, acting, acting.database.reads);
  return admitted.ok ? done(previewOf(action, admitted.value)) : admitted;
};

/** Finds out by its key what became of a request whose outcome is unknown; it is never done again. */
export const settleAction = (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> =>
  settle({ action, acting, hash: inputHash(action, typed, options), request: options.request, record: typed['id'] ?? '-' });

const doIt = (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> =>
  attempt(
    acting,
    async db => {
      const hash = inputHash(action, typed, options);
      const begun = await beginAction(db, { token: acting.token, action: action.id, hash, request: options.request, bulk: options.bulk });
      if (begun.replay) return begun.replay;
      if (begun.givenUp) throw new Refused(failed('this request was given up after a lost connection; nothing was changed', 'begin anew'));
      return carryOut(db, { action, typed, options, admit: inside => admit(action, typed, acting, inside) });
    },
    () => settleAction(action, typed, acting, options),
  );

/** Whether it takes a second person, as its facts are now: then whoever asks needs no code, and whoever decides does. */
const isForTwo = async (action: AnyAction, typed: Typed, acting: Acting): Promise<boolean> => {
  const preview = await previewAction(action, typed, acting);
  return preview.ok && preview.value.eyes === 2;
};

/** What the action alone does not say, the database does: facts may ask for a second person. */
const doOrAsk = async (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> => {
  if (action.eyes === 1) {
    const outcome = await doIt(action, typed, acting, options);
    if (outcome.ok) return outcome;
    const { needs } = outcome.refusal;
    if (needs !== 'second-person' && !(needs === 'code' && (await isForTwo(action, typed, acting)))) return outcome;
  }
  return askForApproval(action, typed, acting, options);
};

/** Those that say by themselves that nothing was tried, or that nobody knows yet. */
const unrecorded: ReadonlySet<string> = new Set(['invalid', 'unknown', 'waiting-for-approval']);

/**
 * Carries an action out, or asks for it where it takes two people: permission, state and version are checked again
 * inside the transaction, effect and audit row commit together or not at all, a repeat of the same request returns
 * the first result. Refusals come back as values and are audited as well; what nobody expected is audited and thrown.
 */
export const runAction = async (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> => {
  const record = { action, acting, typed, options };
  try {
    const outcome = await doOrAsk(action, typed, acting, options);
    if (!outcome.ok && !unrecorded.has(outcome.refusal.kind)) {
      await auditAttempt(record, outcome.refusal.kind === 'failed' ? 'failure' : 'refused', outcome.refusal.message);
    }
    return outcome;
  } catch (error) {
    await auditAttempt(record, 'failure', error instanceof Error ? error.message : String(error));
    throw error;
  }
};
