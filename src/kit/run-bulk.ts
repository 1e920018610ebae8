import { createHash } from 'node:crypto';
import { done, failed, invalid, type Outcome } from '../domain/outcome.ts';
import { refusalOf } from '../database/fault.ts';
import { beginAction, writeAudit } from './audit.ts';
import type { AnyAction } from './define-action.ts';
import { explainError } from './explain.ts';
import type { Acting, Preview, Receipt, RunOptions, Typed } from './request.ts';
import type { Single } from './single.ts';

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

const incidentOpen = async ({ database }: Acting): Promise<boolean> => {
  const [row] = await database.reads.$queryRaw<
    { open: boolean }[]
  >`SELECT EXISTS (SELECT FROM ops.incident WHERE status IN ('open', 'contained')) AS open`;
  return row?.open ?? false;
};

/** The whole is permitted once, so that it is not stopped half way; a request for each record is permitted each. */
const beginBulk = async (action: AnyAction, bulk: Bulk, { database, token }: Acting): Promise<Outcome<string | undefined>> => {
  if (action.carriesOut) return done(undefined);
  try {
    const named = action.eyes === 2 ? 'approvals.request' : action.id;
    await database.writes.$queryRaw`SELECT ops.begin_bulk(${token}, ${named}, ${bulk.request}::uuid, ${bulk.ids.length}::int)::text`;
    return done(bulk.request);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
};

const tooMany = async (action: AnyAction, count: number, acting: Acting): Promise<string | undefined> => {
  const usual = Math.min(action.bulk?.most ?? largestBulk, largestBulk);
  const most = count > usual && action.bulk?.unlessIncident && (await incidentOpen(acting)) ? largestBulk : usual;
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
  single: Single,
): Promise<Outcome<BulkPreview>> => {
  const objection = await tooMany(action, ids.length, acting);
  if (objection) return invalid(objection);
  const previews: Preview[] = [];
  const refused: { id: string; message: string }[] = [];
  for (const id of ids.slice(0, previewed)) {
    const preview = await single.preview(action, { ...typed, id });
    if (preview.ok) previews.push(preview.value);
    else if (preview.refusal.kind === 'invalid' || preview.refusal.kind === 'forbidden') return preview;
    else refused.push({ id, message: preview.refusal.message });
  }
  return done({ previews, refused, unseen: Math.max(0, ids.length - previewed) });
};

/** Of some records: how many are done, wait for a second person, or were refused. */
const tally = (results: readonly RecordResult[]) => {
  const succeeded = results.filter(({ outcome }) => outcome.ok).length;
  const asked = results.filter(({ outcome }) => !outcome.ok && outcome.refusal.kind === 'waiting-for-approval').length;
  return { succeeded, asked, refused: results.length - succeeded - asked };
};

const summarize = (action: AnyAction, results: readonly RecordResult[], skipped: number): string => {
  const { succeeded, asked, refused } = tally(results);
  const whole = results.length + skipped;
  return [
    asked > 0 && succeeded === 0 ? `asked for ${asked} of ${whole}` : `${action.past} ${succeeded} of ${whole}`,
    asked > 0 && succeeded > 0 && `${asked} asked for`,
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
  done: Omit<BulkResult, 'results'> & ReturnType<typeof tally>,
): Promise<void> => {
  await acting.database.transaction(async db => {
    const hash = createHash('sha256')
      .update(JSON.stringify([action.id, bulk.ids]))
      .digest();
    // What was only asked for was not done: its row says so
    const named = done.asked > 0 ? 'approvals.request' : action.id;
    const permit = action.carriesOut ? undefined : bulk.request;
    const begun = await beginAction(db, { token: acting.token, action: named, hash, request: bulk.request, bulk: permit });
    if (begun.replay) return;
    const target = { id: `bulk ${bulk.request}`, label: `${bulk.ids.length} records`, version: 0 };
    await writeAudit(db, {
      verb: action.verb,
      entity: action.entity,
      target,
      old: null,
      new: { succeeded: done.succeeded, ...(done.asked > 0 ? { asked: done.asked } : {}), refused: done.refused, skipped: done.skipped },
      outcome: done.refused + done.skipped === 0 ? 'success' : done.succeeded + done.asked > 0 ? 'partial' : 'failure',
      reason: bulk.typed['ground'] ?? null,
      note: bulk.typed['note'] ?? bulk.typed['findings'] ?? null,
      correlation: bulk.request,
      result: { request: bulk.request, summary: done.summary, target, waysBack: [] },
    });
  });
};

/** What nobody expected ends one record and leaves the account of the others whole; it is on record already. */
const runOne = async (single: Single, action: AnyAction, typed: Typed, options: RunOptions): Promise<Outcome<Receipt>> => {
  try {
    return await single.run(action, typed, options);
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
export const runBulk = async (
  action: AnyAction,
  bulk: Bulk,
  acting: Acting,
  watch: BulkWatch,
  single: Single,
): Promise<Outcome<BulkResult>> => {
  const objection = await tooMany(action, bulk.ids.length, acting);
  if (objection) return invalid(objection);
  const begun = await beginBulk(action, bulk, acting);
  if (!begun.ok) return begun;
  const results: RecordResult[] = [];
  let inARow = 0;
  for (const id of bulk.ids) {
    const expected = bulk.expected[id];
    const options = {
      request: requestOf(bulk.request, id),
      correlation: bulk.request,
      ...(begun.value === undefined ? {} : { bulk: begun.value }),
      ...(expected ? { expected } : {}),
    };
    const result = { id, outcome: await runOne(single, action, { ...bulk.typed, id }, options) };
    results.push(result);
    watch.onResult(result, results.length);
    inARow = result.outcome.ok || result.outcome.refusal.kind === 'waiting-for-approval' ? 0 : inARow + 1;
    if (inARow >= failuresInARow || watch.signal.aborted) break;
    if (results.length === 1 && bulk.ids.length > 1 && !(await watch.proceed(result))) break;
  }
  const skipped = bulk.ids.length - results.length;
  const summary = summarize(action, results, skipped);
  const whole = auditSummary(action, bulk, acting, { summary, skipped, ...tally(results) });
  return done({ results, skipped, summary: await withWhole(summary, whole) });
};
