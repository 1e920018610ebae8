import type { Db } from '../database/client.ts';
import { faultOf, isConnectionLost } from '../database/fault.ts';
import type { AuditOutcome, Verb } from '../domain/audit.ts';
import type { AnyAction, Target } from './define-action.ts';
import type { Acting, Receipt, RunOptions, Typed } from './request.ts';

type StoredReceipt = Omit<Receipt, 'replayed'>;

/** Ties this transaction to the operator behind the token and takes the request's id as its key. */
export const beginAction = async (
  db: Db,
  begin: {
    readonly token: string;
    readonly action: string;
    readonly hash: Buffer;
    readonly request: string;
    readonly approval?: string;
    readonly breakingGlass?: boolean;
    readonly bulk?: string | undefined;
  },
): Promise<{ readonly replay?: Receipt; readonly givenUp?: true }> => {
  const [row] = await db.$queryRaw<{ replay: StoredReceipt | { settled: string } | null }[]>`
    SELECT replay FROM ops.begin_action(${begin.token}, ${begin.action}, ${begin.hash}, ${begin.request}::uuid, ${begin.approval ?? null}::uuid,
      ${begin.breakingGlass ?? false}, ${begin.bulk ?? null}::uuid)`;
  if (!row?.replay) return {};
  if ('settled' in row.replay) return { givenUp: true };
  return { replay: { ...row.replay, replayed: true } };
};

type AuditRow = {
  readonly verb: Verb;
  readonly entity: string;
  readonly target: Target;
  readonly old: unknown;
  readonly new: unknown;
  readonly outcome: AuditOutcome;
  readonly reason: string | null;
  readonly note: string | null;
  readonly correlation: string | null;
  readonly result: unknown;
};

/** As JSON that a database keeps: bigints as text. */
export const json = (value: unknown): string | null =>
  value === null || value === undefined
    ? null
    : JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));

/** Writes the audit row of the action under way; returns its number. It is the last statement of a transaction: the chain's head is locked until the commit. */
export const writeAudit = async (db: Db, row: AuditRow): Promise<number> => {
  const [written] = await db.$queryRaw<{ seq: bigint }[]>`
    SELECT ops.write_audit(${row.verb}, ${row.entity}, ${row.target.id}, ${row.target.label}, ${json(row.old)}::jsonb, ${json(row.new)}::jsonb,
      ${row.outcome}::ops.outcome, ${row.reason}, ${row.note}, ${row.correlation}::uuid, ${json(row.result)}::jsonb) AS seq`;
  return Number(written?.seq);
};

type Attempt = { readonly action: AnyAction; readonly acting: Acting; readonly typed: Typed; readonly options: RunOptions };

/** Records an attempt that changed nothing. Where the database or the session is gone there is nothing to record it in, and the attempt's own outcome says so. */
export const auditAttempt = async (
  { action, acting, typed, options }: Attempt,
  outcome: 'refused' | 'failure',
  error: string,
): Promise<void> => {
  try {
    await acting.database.writes.$queryRaw`
      SELECT ops.audit_attempt(${acting.token}, ${action.id}, ${action.verb}, ${action.entity}, ${typed['id'] ?? '-'}, ${outcome}::ops.outcome, ${error.slice(0, 500)},
        ${typed['ground'] ?? null}, ${(typed['note'] ?? typed['findings'] ?? '').slice(0, 2_000) || null}, ${options.request}::uuid, ${options.correlation ?? null}::uuid)`;
  } catch (cause) {
    // A session that is gone, as after a demo was filled anew, has nobody to name: the attempt's outcome tells them to sign in
    if (!isConnectionLost(cause) && faultOf(cause).code !== 'BU001') throw cause;
  }
};
