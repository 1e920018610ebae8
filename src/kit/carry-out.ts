import type { Db } from '../database/client.ts';
import { isConnectionLost, isRaceLost, refusalOf } from '../database/fault.ts';
import { done, stale, type Outcome } from '../domain/outcome.ts';
import { writeAudit } from './audit.ts';
import type { gather } from './admit.ts';
import type { AnyAction } from './define-action.ts';
import { Refused } from './refused.ts';
import type { Acting, Receipt, RunOptions, Typed } from './request.ts';

/** Races lost to others (serialization, deadlock) are begun again this often. */
const attempts = 3;

/** Runs one transaction until it is done, refused or lost; `settleIt` finds out what became of one whose answer was lost. */
export const attempt = async <T>(
  acting: Acting,
  work: (db: Db) => Promise<T>,
  settleIt: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> => {
  for (let left = attempts; ; left--) {
    try {
      return done(await acting.database.transaction(work));
    } catch (error) {
      if (error instanceof Refused) return error.outcome;
      if (isRaceLost(error) && left > 1) continue;
      if (isConnectionLost(error)) return settleIt();
      const refusal = refusalOf(error);
      if (refusal) return refusal;
      throw error;
    }
  }
};

/** The fields beside those that name the record: a ground, a note. */
export const reasonOf = (typed: Typed): { reason: string | null; note: string | null } => ({
  reason: typed['ground'] ?? null,
  note: typed['note'] ?? typed['findings'] ?? null,
});

type Begun = {
  readonly action: AnyAction;
  readonly typed: Typed;
  readonly options: RunOptions;
  /** How its facts are read: with the permission of whoever acts, or under an approval. */
  readonly admit: (db: Db) => ReturnType<typeof gather>;
};

/** The work of an action that was begun in this transaction: facts, version, effect, audit row. */
export const carryOut = async (db: Db, { action, typed, options, admit }: Begun): Promise<Receipt> => {
  const admitted = await admit(db);
  if (!admitted.ok) throw new Refused(admitted);
  const { facts, input, context } = admitted.value;
  const target = action.target(facts, input);
  if (options.expected && options.expected.version !== target.version) {
    throw new Refused(stale(`${target.label} changed since you looked at it`, 'look again and decide anew'));
  }
  const effect = await action.execute(facts, input, context);
  const receipt = {
    request: options.request,
    summary: effect.summary,
    target: effect.target ?? target,
    waysBack: action.waysBack?.(facts, input, effect) ?? [],
  };
  const audit = await writeAudit(db, {
    verb: action.verb,
    entity: action.entity,
    target: receipt.target,
    old: effect.old ?? null,
    new: options.expected ? { ...effect.new, preview: options.expected.hash } : (effect.new ?? null),
    outcome: 'success',
    ...reasonOf(typed),
    correlation: options.correlation ?? null,
    result: receipt,
  });
  return { ...receipt, audit, replayed: false };
};
