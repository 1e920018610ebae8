import { openDirect, type Direct } from '../../database/direct.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';

type CleanupStatus = 'estimated' | 'running' | 'done' | 'stopped';
type PolicyKind = 'rows' | 'files' | 'orphans' | 'kept';

export type Policy = {
  readonly name: string;
  readonly title: string;
  readonly kind: PolicyKind;
  readonly days: number | null;
  readonly floor: number;
  readonly archive: boolean;
  readonly enabled: boolean;
};

/** What was counted of one table or of files. */
export type Counted = { readonly rows: number; readonly bytes: number; readonly oldest: Date | null; readonly newest: Date | null };

/** A part of a cleanup, as it was counted and as far as it was removed. */
export type StoredPart = Counted & {
  readonly position: number;
  readonly policy: string;
  readonly what: string;
  readonly relation: string | null;
  readonly boundary: Date;
  readonly removed: number;
  readonly archive: string | null;
  readonly archiveSha256: string | null;
  readonly finished: boolean;
};

export type StoredCleanup = {
  readonly id: string;
  readonly policy: string;
  readonly status: CleanupStatus;
  readonly runId: string | null;
  /** Seconds since it was counted, by the clock of the database. */
  readonly age: number;
  readonly rows: number;
  readonly removed: number;
};

/** The owner's connection for as long as a work takes. */
export const withOwner = async <T>({ databaseUrl }: Pick<WorkContext, 'databaseUrl'>, work: (db: Direct) => Promise<T>): Promise<T> => {
  const url = await databaseUrl();
  const wishes = { applicationName: 'bursar maintain', readOnly: false, statementTimeoutMs: 0 };
  // What breaks the connection is thrown by the statement that notices
  const db = await openDirect(url, wishes, () => undefined);
  try {
    return await work(db);
  } finally {
    await db.end();
  }
};

export const policies = async (db: Direct): Promise<readonly Policy[]> => {
  const { rows } = await db.query<Policy>(
    'SELECT name, title, kind, days, floor_days AS floor, archive, enabled FROM ops.cleanup_policy ORDER BY id',
  );
  return rows;
};

/** The policies that a word names: one, or all that are on and have no business of their own. */
export const policiesNamed = async (db: Direct, name: string): Promise<readonly Policy[]> => {
  const all = await policies(db);
  if (name === 'all') return all.filter(({ kind, enabled }) => enabled && (kind === 'rows' || kind === 'files'));
  const policy = all.find(one => one.name === name);
  if (!policy) throw new WorkRefused(`there is no policy ${name}: ${all.map(one => one.name).join(', ')}`);
  if (policy.kind === 'kept') throw new WorkRefused(`${policy.title} is never removed`);
  return [policy];
};

const numbers = `p.position::int AS position, p.policy, p.what, p.relation, p.boundary, p.rows::float8 AS rows, p.bytes::float8 AS bytes, p.oldest, p.newest,
  p.removed::float8 AS removed, p.archive, p.archive_sha256 AS "archiveSha256", p.finished_at IS NOT NULL AS finished`;

const cleanupColumns = `c.id::text AS id, c.policy, c.status, c.run_id::text AS "runId", extract(epoch FROM clock_timestamp() - c.estimated_at)::float8 AS age,
  c.rows::float8 AS rows, c.removed::float8 AS removed`;

export const readCleanup = async (
  db: Direct,
  by: { readonly id: number } | { readonly run: string },
): Promise<StoredCleanup | undefined> => {
  const [condition, value] = 'id' in by ? ['c.id = $1', by.id] : ['c.run_id = $1::uuid', by.run];
  const { rows } = await db.query<StoredCleanup>(`SELECT ${cleanupColumns} FROM ops.cleanup c WHERE ${condition}`, [value]);
  return rows[0];
};

export const readParts = async (db: Direct, id: string): Promise<readonly StoredPart[]> => {
  const { rows } = await db.query<StoredPart>(`SELECT ${numbers} FROM ops.cleanup_part p WHERE p.cleanup_id = $1 ORDER BY p.position`, [
    id,
  ]);
  return rows;
};

export type NewPart = Counted & Pick<StoredPart, 'policy' | 'what' | 'relation' | 'boundary'>;

/** Keeps what was counted, whole or not at all; gives its number. */
export const storeCleanup = async (
  db: Direct,
  { policy, host, run, parts }: { policy: string; host: string; run: string | undefined; parts: readonly NewPart[] },
): Promise<string> => {
  const total = (of: 'rows' | 'bytes'): number => parts.reduce((sum, part) => sum + part[of], 0);
  await db.query('BEGIN');
  try {
    const { rows } = await db.query<{ id: string }>(
      'INSERT INTO ops.cleanup (policy, host, rows, bytes, run_id) VALUES ($1, $2, $3, $4, $5) RETURNING id::text AS id',
      [policy, host, total('rows'), total('bytes'), run ?? null],
    );
    const id = rows[0]?.id ?? '';
    for (const [index, part] of parts.entries())
      await db.query(
        `INSERT INTO ops.cleanup_part (cleanup_id, position, policy, what, relation, boundary, rows, bytes, oldest, newest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [id, index + 1, part.policy, part.what, part.relation, part.boundary, part.rows, part.bytes, part.oldest, part.newest],
      );
    await db.query('COMMIT');
    return id;
  } catch (error) {
    await db.query('ROLLBACK');
    throw error;
  }
};

/** Notes that so much more of a part is gone; part of the transaction that removes it. */
export const noteRemoved = async (
  db: Direct,
  id: string,
  position: number,
  { rows, bytes }: Pick<Counted, 'rows' | 'bytes'>,
): Promise<void> => {
  await db.query(
    'UPDATE ops.cleanup_part SET removed = removed + $3, removed_bytes = removed_bytes + $4 WHERE cleanup_id = $1 AND position = $2',
    [id, position, rows, bytes],
  );
  await db.query('UPDATE ops.cleanup SET removed = removed + $2, removed_bytes = removed_bytes + $3 WHERE id = $1', [id, rows, bytes]);
};

export const finishPart = async (db: Direct, id: string, position: number): Promise<void> => {
  await db.query('UPDATE ops.cleanup_part SET finished_at = clock_timestamp() WHERE cleanup_id = $1 AND position = $2', [id, position]);
};

/** Begins a cleanup, or goes on with one that was cut short. */
export const beginCleanup = async (db: Direct, id: string): Promise<void> => {
  await db.query(`UPDATE ops.cleanup SET status = 'running', began_at = coalesce(began_at, clock_timestamp()) WHERE id = $1`, [id]);
};

export const endCleanup = async (db: Direct, id: string, status: 'done' | 'stopped', why: string | null): Promise<void> => {
  await db.query('UPDATE ops.cleanup SET status = $2, why = $3, finished_at = clock_timestamp() WHERE id = $1', [id, status, why]);
};
