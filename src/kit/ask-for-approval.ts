import type { Db } from '../database/client.ts';
import { failed, stale, unknown, waiting, type Outcome } from '../domain/outcome.ts';
import { admit, inputHash, previewOf, toldBy } from './admit.ts';
import { beginAction, json, writeAudit } from './audit.ts';
import { attempt, reasonOf } from './carry-out.ts';
import type { AnyAction } from './define-action.ts';
import { enqueueNotice } from './notice.ts';
import { Refused } from './refused.ts';
import type { Acting, Receipt, RunOptions, Typed } from './request.ts';

/** A request waits this long, in hours. */
const patience = 24;

/** The definition that a request was made with. */
export const versionOf = (action: AnyAction): string => action.version ?? '1';

type Made = { readonly number: bigint; readonly expiresAt: Date };

/** Whoever may decide it is told, with the request or not at all. */
const tellCheckers = async (db: Db, action: AnyAction, acting: Acting, asked: Made & { readonly label: string }): Promise<void> => {
  await enqueueNotice(
    { db, sealSecret: acting.sealSecret },
    {
      template: 'approval-waiting',
      params: {
        environment: acting.environment,
        at: new Date(),
        action: action.id,
        target: `${action.entity} ${asked.label}`,
        requester: acting.operator.name,
        expires: asked.expiresAt,
      },
      to: { staff: action.checker ?? 'approval.decide', except: acting.operator.id },
      about: { entity: 'approval', id: String(asked.number) },
    },
  );
};

const ask = async (db: Db, action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Receipt> => {
  const hash = inputHash(action, typed, options);
  const begun = await beginAction(db, {
    token: acting.token,
    action: 'approvals.request',
    hash,
    request: options.request,
    bulk: options.bulk,
  });
  if (begun.replay) return begun.replay;
  if (begun.givenUp) throw new Refused(failed('this request was given up after a lost connection; nobody was asked', 'begin anew'));
  const admitted = await admit(action, typed, acting, db);
  if (!admitted.ok) throw new Refused(admitted);
  const { target, lines, hash: previewHash } = previewOf(action, admitted.value);
  if (options.expected && options.expected.version !== target.version) {
    throw new Refused(stale(`${target.label} changed since you looked at it`, 'look again and decide anew'));
  }
  const told = toldBy(action, typed);
  const note = reasonOf(typed).note ?? `${action.title} of ${target.label}`;
  const approved = inputHash(action, told, { expected: { version: target.version, hash: previewHash } });
  const [made] = await db.$queryRaw<Made[]>`
    SELECT number, expires_at AS "expiresAt" FROM ops.make_request(${action.id}, ${versionOf(action)}, ${action.entity}, ${target.id}, ${target.label}, ${target.version},
      ${json(told)}::jsonb, ${approved}, ${json(lines)}::jsonb, ${previewHash}, ${note}, ${patience})`;
  if (!made) throw new Error('the request was not made');
  await tellCheckers(db, action, acting, { label: target.label, ...made });
  const receipt = {
    request: options.request,
    summary: `asked for ${action.title.toLowerCase()} ${target.label}: request ${made.number}`,
    target: { id: String(made.number), label: `${action.title} ${target.label}`, version: 0 },
    waysBack: [{ action: 'approvals.cancel', input: { id: String(made.number), note: 'asked for by mistake' } }],
  };
  const audit = await writeAudit(db, {
    verb: 'create',
    entity: 'approval',
    target: receipt.target,
    old: null,
    new: { action: action.id, entity: action.entity, record: target.id, expires: made.expiresAt.toISOString() },
    outcome: 'success',
    ...reasonOf(typed),
    correlation: options.correlation ?? options.request,
    result: receipt,
  });
  return { ...receipt, audit, replayed: false };
};

/** Puts an action into the inbox instead of doing it. A repeat of the request asks nobody twice. */
export const askForApproval = async (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> => {
  const asked = await attempt(
    acting,
    db => ask(db, action, typed, acting, options),
    async () => unknown('the database went away; nobody knows yet whether the request was made', 'look into the inbox before asking again'),
  );
  if (!asked.ok) return asked;
  const { summary, target } = asked.value;
  return waiting(
    `nothing was changed yet: ${summary}`,
    `somebody else with the permission ${action.checker ?? 'to decide'} decides it within ${patience} h (bursar inbox show ${target.id})`,
  );
};
