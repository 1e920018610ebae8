import type { Direct } from '../../database/direct.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import { filePartsOf } from './file-parts.ts';
import { countFiles } from './folder.ts';
import { rowParts } from './parts.ts';
import { countRows, hasTable } from './rows.ts';
import { policiesNamed, storeCleanup, type NewPart, type Policy } from './store.ts';

export type EstimateWish = {
  readonly policy: string;
  /** Instead of what the policy says; never below its floor. */
  readonly days?: number | undefined;
  readonly host: string;
  /** The run that carries it out at once, if any. */
  readonly run: string | undefined;
};

/** The instant before which things may go, by the clock of the database. Throws below the floor of the policy. */
const boundaryOf = async (db: Direct, { title, days: usual, floor }: Policy, days = usual ?? 0): Promise<Date> => {
  if (days < floor) throw new WorkRefused(`${title} stays at least ${floor} ${floor === 1 ? 'day' : 'days'}: nobody goes below`);
  const { rows } = await db.query<{ boundary: Date }>(
    `SELECT date_trunc('milliseconds', clock_timestamp() - make_interval(days => $1)) AS boundary`,
    [days],
  );
  return rows[0]?.boundary ?? new Date(0);
};

const countPolicy = async (db: Direct, context: WorkContext, policy: Policy, days: number | undefined): Promise<readonly NewPart[]> => {
  const boundary = await boundaryOf(db, policy, days);
  const parts: NewPart[] = [];
  for (const part of rowParts.filter(one => one.policy === policy.name)) {
    if (!(await hasTable(db, part))) continue;
    context.signal.throwIfAborted();
    parts.push({ policy: part.policy, what: part.what, relation: part.relation, boundary, ...(await countRows(db, part, boundary)) });
  }
  for (const { what, root, only } of await filePartsOf(policy.name, context)) {
    const counted = await countFiles({ root, boundary, ...(only ? { only } : {}), signal: context.signal });
    parts.push({ policy: policy.name, what, relation: null, boundary, ...counted });
  }
  return parts;
};

/** Octets as people read them. */
export const sizeWords = (bytes: number): string => {
  const units = ['octets', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return power === 0 ? `${bytes} octets` : `${(bytes / 1_000 ** power).toFixed(1)} ${units[power] ?? ''}`;
};

const dayWords = (at: Date | null): string => at?.toISOString().slice(0, 10) ?? '-';

/** A part as a line of the log. */
const partWords = ({ policy, what, rows, bytes, oldest, newest }: NewPart): string =>
  `${policy}: ${rows.toLocaleString('en')} ${what}, ${sizeWords(bytes)}${rows === 0 ? '' : `, from ${dayWords(oldest)} to ${dayWords(newest)}`}`;

/** Counts what policies let go and keeps the count: what is removed by it later is what is older than the same instants. Gives its number. */
export const estimate = async (
  db: Direct,
  context: WorkContext,
  { policy, days, host, run }: EstimateWish,
): Promise<{ readonly id: string; readonly parts: readonly NewPart[] }> => {
  const chosen = await policiesNamed(db, policy);
  const parts: NewPart[] = [];
  for (const [index, one] of chosen.entries()) {
    for (const part of await countPolicy(
      db,
      context,
      one,
      days === undefined ? undefined : Math.max(days, policy === 'all' ? one.floor : days),
    )) {
      parts.push(part);
      context.progress((index + 0.5) / chosen.length, partWords(part));
    }
  }
  return { id: await storeCleanup(db, { policy, host, run, parts }), parts };
};
