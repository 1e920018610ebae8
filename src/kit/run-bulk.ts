import { createHash } from 'node:crypto';
import { done, failed, invalid, type Outcome } from '../domain/outcome.ts';
import { beginAction, writeAudit } from './audit.ts';
import type { AnyAction } from './define-action.ts';
import { explainError } from './explain.ts';
import { previewAction, runAction } from './run-action.ts';
import type { Acting, Preview, Receipt, RunOptions, Typed } from './request.ts';

/** One action on many records. `typed` is the same for all; the ids were frozen when the preview was made. */
export type Bulk = {
  /** The id of the whole, a UUID; each record's own request id is derived from it, so that a repeat runs nothing twice. */
  readonly request: string;
  readonly ids: readonly string[];
  readonly typed: Typed;
  /** What was looked at: record id → version and preview. */
  readonly expected: Readonly<Record<string, { readonly version: number; readonly hash: string }>>;
};

export type BulkPreview = {
  readonly previews: readonly Preview[];
  readonly refused: readonly { readonly id: string; readonly message: string }[];
  /** Records beyond those looked at beforehand; each is checked when its turn comes. */
  readonly unseen: number;
};

export type RecordResult = { readonly id: string; readonly outcome: Outcome<Receipt> };
export type BulkResult = { readonly results: readonly RecordResult[]; readonly skipped: number; readonly summary: string };

export type BulkWatch = {
  onResult(result: RecordResult, doneSoFar: number): void;
  /** Asked after the first record, the canary; false stops there. */
  proceed(canary: RecordResult): Promise<boolean>;
  readonly signal: AbortSignal;
};

/** Records looked at before a bulk. */
const previewed = 200;
/** The most records that one bulk may hold. */
export const largestBulk = 10_000;
/** A bulk stops after this many failures in a row. */
const failuresInARow = 3;

const tooMany = (action: AnyAction, count: number): string | undefined => {
  const most = Math.min(action.bulk?.most ?? largestBulk, largestBulk);
  return count > most ? (action.bulk?.why ?? `a bulk holds at most ${most.toLocaleString('en')} records`) : undefined;
};

/** A UUID that is always the same for one bulk and record. */
export const requestOf = (bulk: string, id: string): string => {
  const bytes = createHash('sha256').update(`${bulk}/${id}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** Looks at up to 200 of the records, as each will be looked at again when its turn comes. */
export const previewBulk = async (
  action: AnyAction,
  ids: readonly string[],
  typed: Typed,
  acting: Acting,
): Promise<Outcome<BulkPreview>> => {
  const objection = tooMany(action, ids.length);
  if (objection) return invalid(objection);
  const previews: Preview[] = [];
  const refused: { id: string; message: string }[] = [];
  for (const id of ids.slice(0, previewed)) {
    const preview = await previewAction(action, { ...typed, id }, acting);
    if (preview.ok) previews.push(preview.value);
    else if (preview.refusal.kind === 'invalid' || preview.refusal.kind === 'forbidden') return preview;
    else refused.push({ id, message: preview.refusal.message });
  }
  return done({ previews, refused, unseen: Math.max(0, ids.length - previewed) });
};

const summarize = (action: AnyAction, results: readonly RecordResult[], skipped: number): string => {
  const succeeded = results.filter(result => result.outcome.ok).length;
  const refused = results.length - succeeded;
  return [
    `${action.past} ${succeeded} of ${results.length + skipped}`,
    refused > 0 && `${refused} refused`,
    skipped > 0 && `${skipped} not tried`,
  ]
    .filter(Boolean)
    .join(', ');
};

const auditSummary = async (
  action: AnyAction,
  bulk: Bulk,
  acting: Acting,
  done: Omit<BulkResult, 'results'> & { succeeded: number; refused: number },
): Promise<void> => {
  await acting.database.transaction(async db => {
    const hash = createHash('sha256')
      .update(JSON.stringify([action.id, bulk.ids]))
      .digest();
    const begun = await beginAction(db, { token: acting.token, action: action.id, hash, request: bulk.request });
    if (begun.replay) return;
    const target = { id: `bulk ${bulk.request}`, label: `${bulk.ids.length} records`, version: 0 };
    await writeAudit(db, {
      verb: action.verb,
      entity: action.entity,
      target,
      old: null,
      new: { succeeded: done.succeeded, refused: done.refused, skipped: done.skipped },
      outcome: done.refused + done.skipped === 0 ? 'success' : done.succeeded > 0 ? 'partial' : 'failure',
      reason: bulk.typed['ground'] ?? null,
      note: bulk.typed['note'] ?? bulk.typed['findings'] ?? null,
      correlation: bulk.request,
      result: { request: bulk.request, summary: done.summary, target, waysBack: [] },
    });
  });
};

/** What nobody expected ends one record and leaves the account of the others whole; it is on record already. */
const runOne = async (action: AnyAction, typed: Typed, acting: Acting, options: RunOptions): Promise<Outcome<Receipt>> => {
  try {
    return await runAction(action, typed, acting, options);
  } catch (error) {
    const { message, next } = explainError(error);
    return failed(message, next);
  }
};

/** The records are done by then: without the row for the whole, what became of them must be told all the same. */
const withWhole = async (summary: string, record: Promise<void>): Promise<string> => {
  try {
    await record;
    return summary;
  } catch (error) {
    return `${summary}; no row for the whole in the audit log: ${explainError(error).message}`;
  }
};

/**
 * Runs an action on many records: one first, then, if that is agreed to, the others; one transaction and one
 * audit row each, and one row for the whole. Stops after three failures in a row, or when aborted.
 */
export const runBulk = async (action: AnyAction, bulk: Bulk, acting: Acting, watch: BulkWatch): Promise<Outcome<BulkResult>> => {
  const objection = tooMany(action, bulk.ids.length);
  if (objection) return invalid(objection);
  const results: RecordResult[] = [];
  let inARow = 0;
  for (const id of bulk.ids) {
    const expected = bulk.expected[id];
    const options = { request: requestOf(bulk.request, id), correlation: bulk.request, ...(expected ? { expected } : {}) };
    const result = { id, outcome: await runOne(action, { ...bulk.typed, id }, acting, options) };
    results.push(result);
    watch.onResult(result, results.length);
    inARow = result.outcome.ok ? 0 : inARow + 1;
    if (inARow >= failuresInARow || watch.signal.aborted) break;
    if (results.length === 1 && bulk.ids.length > 1 && !(await watch.proceed(result))) break;
  }
  const succeeded = results.filter(result => result.outcome.ok).length;
  const skipped = bulk.ids.length - results.length;
  const summary = summarize(action, results, skipped);
  const whole = auditSummary(action, bulk, acting, { summary, skipped, succeeded, refused: results.length - succeeded });
  return done({ results, skipped, summary: await withWhole(summary, whole) });
};
