import { createHash } from 'node:crypto';
import { businessToday } from '../database/calendar.ts';
import type { Db } from '../database/client.ts';
import { isConnectionLost, isRaceLost, refusalOf } from '../database/fault.ts';
import { done, failed, forbidden, invalid, stale, type Outcome } from '../domain/outcome.ts';
import { auditAttempt, beginAction, writeAudit } from './audit.ts';
import type { AnyAction, Context } from './define-action.ts';
import { describeErrors, fieldsOf, parseInput } from './form-fields.ts';
import type { Acting, Preview, Receipt, RunOptions, Typed } from './request.ts';
import { settle } from './settle.ts';

/** A refusal found inside a transaction: thrown to roll it back, caught where the transaction was begun. */
class Refused extends Error {
  readonly outcome: Outcome<never>;
  constructor(outcome: Outcome<never>) {
    super(outcome.ok ? '' : outcome.refusal.message);
    this.outcome = outcome;
  }
}

const contextOf = async (acting: Acting, db: Db): Promise<Context> => ({
  db,
  operator: acting.operator,
  today: await businessToday(db),
  currency: acting.currency,
});

const admit = async (action: AnyAction, typed: Typed, acting: Acting, db: Db) => {
  if (!acting.operator.permissions.has(action.permission)) {
    return forbidden(`${action.title} needs the permission ${action.permission}`, 'ask an administrator for a role that has it');
  }
  const context = await contextOf(acting, db);
  const parsed = parseInput(action.input, typed, context.today);
  if (!parsed.ok) return invalid(describeErrors(action.input, parsed.errors));
  const facts = await action.gather(parsed.input, context);
  return facts.ok ? done({ input: parsed.input, facts: facts.value, context }) : facts;
};

const hashOf = (content: unknown): Buffer => createHash('sha256').update(JSON.stringify(content)).digest();

/** What would happen. Reads only. */
export const previewAction = async (action: AnyAction, typed: Typed, acting: Acting): Promise<Outcome<Preview>> => {
  const admitted = await admit(action, typed, acting, acting.database.reads);
  if (!admitted.ok) return admitted;
  const { facts, input } = admitted.value;
  const target = action.target(facts, input);
  const lines = action.preview(facts, input);
  return done({
    action: action.id,
    title: action.title,
    danger: action.danger,
    eyes: action.eyesFor?.(facts, input) ?? action.eyes,
    target,
    lines,
    evidence: action.evidence?.(facts) ?? [],
    doubts: action.doubts?.(facts) ?? [],
    ...(action.irreversible === undefined ? {} : { irreversible: action.irreversible }),
    hash: hashOf([action.id, target, lines]).toString('hex'),
  });
};

/** The fields beside those that name the record: a ground, a note. */
const reasonOf = (typed: Typed): { reason: string | null; note: string | null } => ({
  reason: typed['ground'] ?? null,
  note: typed['note'] ?? typed['findings'] ?? null,
});

/** Secrets stay out of it: a fast hash of a password would undo the slow one that is kept. */
const inputHash = (action: AnyAction, typed: Typed, options: RunOptions): Buffer => {
  const secrets = new Set(fieldsOf(action.input).flatMap(field => (field.kind === 'secret' ? [field.key] : [])));
  const told = Object.entries(typed).filter(([key]) => !secrets.has(key));
  return hashOf([action.id, told.toSorted(([a], [b]) => (a < b ? -1 : 1)), options.expected?.version ?? null]);
};

const carryOut = async (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions, db: Db): Promise<Receipt> => {
  const begun = await beginAction(db, {
    token: acting.token,
    action: action.id,
    hash: inputHash(action, typed, options),
    request: options.request,
  });
  if (begun.replay) return begun.replay;
  if (begun.givenUp) throw new Refused(failed('this request was given up after a lost connection; nothing was changed', 'begin anew'));
  const admitted = await admit(action, typed, acting, db);
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

/** Finds out by its key what became of a request whose outcome is unknown; it is never done again. */
export const settleAction = (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> =>
  settle({ action, acting, hash: inputHash(action, typed, options), request: options.request, record: typed['id'] ?? '-' });

/** Races lost to others (serialization, deadlock) are begun again this often. */
const attempts = 3;

const attempt = async (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> => {
  for (let left = attempts; ; left--) {
    try {
      return done(await acting.database.transaction(db => carryOut(action, typed, acting, options, db)));
    } catch (error) {
      if (error instanceof Refused) return error.outcome;
      if (isRaceLost(error) && left > 1) continue;
      if (isConnectionLost(error)) return settleAction(action, typed, acting, options);
      const refusal = refusalOf(error);
      if (refusal) return refusal;
      throw error;
    }
  }
};

/**
 * Carries an action out: permission, state and version are checked again inside the transaction, effect and
 * audit row commit together or not at all, a repeat of the same request returns the first result. Refusals
 * come back as values and are audited as well; what nobody expected is audited and thrown.
 */
export const runAction = async (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> => {
  const record = { action, acting, typed, options };
  try {
    const outcome = await attempt(action, typed, acting, options);
    if (!outcome.ok && outcome.refusal.kind !== 'invalid' && outcome.refusal.kind !== 'unknown') {
      await auditAttempt(record, outcome.refusal.kind === 'failed' ? 'failure' : 'refused', outcome.refusal.message);
    }
    return outcome;
  } catch (error) {
    await auditAttempt(record, 'failure', error instanceof Error ? error.message : String(error));
    throw error;
  }
};
