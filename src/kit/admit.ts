import { createHash } from 'node:crypto';
import { businessToday } from '../database/calendar.ts';
import type { Db } from '../database/client.ts';
import { done, forbidden, invalid, type Outcome } from '../domain/outcome.ts';
import { PlatformProfile } from '../domain/platform-profile.ts';
import type { AnyAction, Context } from './define-action.ts';
import { describeErrors, fieldsOf, parseInput } from './form-fields.ts';
import type { Acting, Preview, RunOptions, Typed } from './request.ts';

const contextOf = async (acting: Acting, db: Db): Promise<Context> => ({
  db,
  operator: acting.operator,
  today: await businessToday(db),
  currency: acting.currency,
  environment: acting.environment,
  platform: acting.platform ?? PlatformProfile.parse({}),
  sealSecret: acting.sealSecret,
});

type Admitted = { readonly input: Readonly<Record<string, unknown>>; readonly facts: unknown; readonly context: Context };

/** Checks what was typed and reads what is needed to decide. */
export const gather = async (action: AnyAction, typed: Typed, acting: Acting, db: Db): Promise<Outcome<Admitted>> => {
  const context = await contextOf(acting, db);
  const parsed = parseInput(action.input, typed, context.today);
  if (!parsed.ok) return invalid(describeErrors(action.input, parsed.errors));
  const facts = await action.gather(parsed.input, context);
  return facts.ok ? done({ input: parsed.input, facts: facts.value, context }) : facts;
};

/** The same for whoever holds the action's permission. */
export const admit = async (action: AnyAction, typed: Typed, acting: Acting, db: Db): Promise<Outcome<Admitted>> => {
  if (action.permission !== 'self' && !acting.operator.permissions.has(action.permission)) {
    return forbidden(`${action.title} needs the permission ${action.permission}`, 'ask an administrator for a role that has it');
  }
  return gather(action, typed, acting, db);
};

export const hashOf = (content: unknown): Buffer => createHash('sha256').update(JSON.stringify(content)).digest();

/** What was typed, without its secrets: a fast hash of a password would undo the slow one that is kept. */
export const toldBy = (action: AnyAction, typed: Typed): Typed => {
  const secrets = new Set(fieldsOf(action.input).flatMap(field => (field.kind === 'secret' ? [field.key] : [])));
  return Object.fromEntries(
    Object.entries(typed)
      .filter(([key]) => !secrets.has(key))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
};

/** What a request is known by beside its key. */
export const inputHash = (action: AnyAction, typed: Typed, options: Pick<RunOptions, 'expected'>): Buffer =>
  hashOf([action.id, Object.entries(toldBy(action, typed)), options.expected?.version ?? null]);

/** What a person is shown of an action whose facts were read. */
export const previewOf = (action: AnyAction, { facts, input }: Admitted): Preview => {
  const target = action.target(facts, input);
  const lines = action.preview(facts, input);
  return {
    action: action.id,
    title: action.title,
    danger: action.danger,
    eyes: action.eyesFor?.(facts, input) ?? action.eyes,
    code: action.code === true,
    target,
    lines,
    evidence: action.evidence?.(facts) ?? [],
    doubts: action.doubts?.(facts) ?? [],
    ...(action.irreversible === undefined ? {} : { irreversible: action.irreversible }),
    hash: hashOf([action.id, target, lines]).toString('hex'),
  };
};
