import { createHash } from 'node:crypto';
import type { Db } from '../database/client.ts';
import { conflict, done, forbidden, notFound, stale, unknown, type Outcome, type Refusal } from '../domain/outcome.ts';
import { gather, hashOf, previewOf } from './admit.ts';
import { versionOf } from './ask-for-approval.ts';
import { auditAttempt, beginAction, writeAudit } from './audit.ts';
import { attempt, carryOut } from './carry-out.ts';
import type { AnyAction } from './define-action.ts';
import { Refused } from './refused.ts';
import type { Acting, Preview, Receipt, RunOptions, Typed } from './request.ts';

/** A request of the inbox, with everything that its action needs. */
type Asked = {
  readonly id: string;
  readonly number: bigint;
  readonly action: string;
  readonly actionVersion: string;
  readonly label: string;
  readonly entityVersion: number;
  readonly input: Typed;
  readonly inputHash: Buffer;
  readonly preview: readonly string[];
  readonly previewHash: string;
  readonly note: string;
  readonly maker: string;
  readonly makerId: bigint;
  readonly status: string;
  readonly checker: string | null;
};

const findAsked = async (db: Db, number: string): Promise<Asked | undefined> => {
  if (!/^\d{1,18}$/.test(number)) return undefined;
  const [row] = await db.$queryRaw<Asked[]>`
    SELECT a.id::text, a.number, a.action, a.action_version AS "actionVersion", a.entity_label AS label, a.entity_version AS "entityVersion", a.input,
           a.input_hash AS "inputHash", a.preview, a.preview_hash AS "previewHash", a.note, o.name AS maker, a.maker_id AS "makerId",
           CASE WHEN a.status = 'pending' AND a.expires_at <= clock_timestamp() THEN 'expired' ELSE a.status END AS status, p.checker
      FROM ops.approval a JOIN ops.operator o ON o.id = a.maker_id JOIN ops.action_permission p ON p.action = a.action WHERE a.number = ${BigInt(number)}`;
  return row;
};

type Decision = { readonly asked: Asked; readonly action: AnyAction };

/** The request and its action, if this operator may decide it in this way. */
const open = async (decision: AnyAction, typed: Typed, acting: Acting, actions: readonly AnyAction[]): Promise<Outcome<Decision>> => {
  const asked = await findAsked(acting.database.reads, typed['id'] ?? '');
  if (!asked) return notFound(`there is no request ${typed['id'] ?? ''}`);
  const own = asked.makerId === acting.operator.id;
  if (decision.carriesOut === 'breaking-glass') {
    if (!own) return forbidden('the glass is broken by whoever made the request', 'decide it as its checker instead');
  } else if (own) return forbidden('whoever made a request cannot decide it', `somebody else with the permission ${asked.checker} can`);
  else if (!acting.operator.permissions.has(asked.checker ?? '')) {
    return forbidden(`request ${asked.number} is decided by somebody with the permission ${asked.checker}`);
  }
  const action = actions.find(candidate => candidate.id === asked.action);
  if (!action || versionOf(action) !== asked.actionVersion) {
    return stale(`${asked.action} is not what it was when request ${asked.number} was made`, 'reject it, and have it asked for anew');
  }
  return done({ asked, action });
};

/** What was shown to the maker beside what is so now. */
const difference = (before: readonly string[], now: readonly string[]): readonly string[] => {
  const same = new Set(before.filter(line => now.includes(line)));
  return [
    ...now.map(line => (same.has(line) ? line : `NOW: ${line}`)),
    ...before.filter(line => !same.has(line)).map(line => `when it was asked for: ${line}`),
  ];
};

/** What deciding would do: the request's own preview as it is now, with what changed since. */
export const previewDecision = async (
  decision: AnyAction,
  typed: Typed,
  acting: Acting,
  actions: readonly AnyAction[],
): Promise<Outcome<Preview>> => {
  const opened = await open(decision, typed, acting, actions);
  if (!opened.ok) return opened;
  const { asked, action } = opened.value;
  if (asked.status !== 'pending') return conflict(`request ${asked.number} is ${asked.status} already`);
  const gathered = await gather(action, asked.input, acting, acting.database.reads);
  if (!gathered.ok) return gathered;
  const now = previewOf(action, gathered.value);
  if (now.target.version !== asked.entityVersion)
    return stale(`${asked.label} changed since request ${asked.number} was made`, 'reject it, and have it asked for anew');
  const lines = [`${asked.maker} asks: ${asked.note}`, ...difference(asked.preview, now.lines)];
  return done({
    ...now,
    action: decision.id,
    title: `${decision.title}: ${action.title}`,
    eyes: 1,
    code: action.code === true || decision.carriesOut === 'breaking-glass',
    target: { id: String(asked.number), label: now.target.label, version: asked.entityVersion },
    lines,
    hash: hashOf([decision.id, asked.id, now.hash]).toString('hex'),
  });
};

/** Refusals that the request itself met: it will never go through, and leaves the inbox as failed. */
const final: ReadonlySet<Refusal['kind']> = new Set(['stale', 'conflict', 'not-found', 'invalid']);

const failureId = (request: string): string => {
  const hex = createHash('sha256').update(`failed ${request}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** Records in the request why it could not be carried out; somebody else may have decided it meanwhile. */
const markFailed = async ({ asked }: Decision, acting: Acting, options: RunOptions, message: string): Promise<void> => {
  await attempt(
    acting,
    async db => {
      const request = failureId(options.request);
      const begun = await beginAction(db, { token: acting.token, action: 'approvals.fail', hash: hashOf([asked.id, message]), request });
      if (begun.replay) return;
      await db.$queryRaw`SELECT number FROM ops.fail_request(${asked.number}, ${message})`;
      await writeAudit(db, {
        verb: 'update', entity: 'approval', target: { id: String(asked.number), label: asked.label, version: 0 }, old: { status: 'pending' },
        new: { status: 'failed', error: message }, outcome: 'failure', reason: null, note: null, correlation: asked.id, result: { summary: 'failed' },
      }); // prettier-ignore
    },
    async () => unknown('the database went away'),
  );
};

/** Carries out what a request asks for, in one transaction with the decision: of two at once one does it, and the other is told. */
export const runDecision = async (
  decision: AnyAction,
  typed: Typed,
  acting: Acting,
  options: RunOptions,
  actions: readonly AnyAction[],
): Promise<Outcome<Receipt>> => {
  const record = { action: decision, acting, typed, options };
  const opened = await open(decision, typed, acting, actions);
  if (!opened.ok) {
    await auditAttempt(record, 'refused', opened.refusal.message);
    return opened;
  }
  const { asked, action } = opened.value;
  const outcome = await attempt(
    acting,
    async db => {
      const begun = await beginAction(db, {
        token: acting.token,
        action: asked.action,
        hash: asked.inputHash,
        request: options.request,
        approval: asked.id,
        breakingGlass: decision.carriesOut === 'breaking-glass',
      });
      if (begun.replay) return begun.replay;
      if (begun.givenUp)
        throw new Refused(conflict('this decision was given up after a lost connection; nothing was changed', 'decide anew'));
      await db.$queryRaw`SELECT ops.note_decision(${typed['note'] ?? null})::text`;
      const approved = {
        request: options.request,
        expected: { version: asked.entityVersion, hash: asked.previewHash },
        correlation: asked.id,
      };
      return carryOut(db, { action, typed: asked.input, options: approved, admit: inside => gather(action, asked.input, acting, inside) });
    },
    async () =>
      unknown('the database went away; nobody knows yet whether it was carried out', `look at request ${asked.number} when it is back`),
  );
  if (outcome.ok || outcome.refusal.kind === 'unknown') return outcome;
  await auditAttempt(record, 'refused', outcome.refusal.message);
  if (final.has(outcome.refusal.kind)) await markFailed(opened.value, acting, options, outcome.refusal.message);
  return outcome;
};
