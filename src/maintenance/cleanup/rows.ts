import { setTimeout as pause } from 'node:timers/promises';
import type { Direct } from '../../database/direct.ts';
import { doomed, type RowPart } from './parts.ts';
import { noteRemoved, type Counted, type StoredPart } from './store.ts';

/** Rows of one transaction. */
const batchRows = 5_000;
/** So that what reads and posts meanwhile gets its turn. */
const pauseMs = 50;
/** How often rows that somebody else holds are tried again. */
const mostTries = 100;

/** Removing went beyond what was counted, and a tenth more. */
export class BeyondTheCount extends Error {
  override name = 'BeyondTheCount';
}

export const hasTable = async (db: Direct, { relation }: RowPart): Promise<boolean> => {
  const { rows } = await db.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [relation]);
  return rows[0]?.there === true;
};

const sizeOf = ({ empties }: RowPart): string => (empties === undefined ? 'pg_column_size(t.*)' : `octet_length(t.${empties})`);

export const countRows = async (db: Direct, part: RowPart, boundary: Date): Promise<Counted> => {
  const { rows } = await db.query<Counted>(
    `SELECT count(*)::float8 AS rows, coalesce(sum(${sizeOf(part)}), 0)::float8 AS bytes, min(${part.time}) AS oldest, max(${part.time}) AS newest
       FROM ${part.relation} t WHERE ${doomed(part)}`,
    [boundary],
  );
  return rows[0] ?? { rows: 0, bytes: 0, oldest: null, newest: null };
};

/** At most so many rows, by their place; those that somebody holds are left for later. `ids` are the only ones that may go. */
const removal = (part: RowPart, ids: boolean): string => {
  const { relation, empties } = part;
  const act = empties === undefined ? `DELETE FROM ${relation} t` : `UPDATE ${relation} t SET ${empties} = ''`;
  return `WITH chosen AS MATERIALIZED (SELECT t.ctid AS place, ${sizeOf(part)} AS size FROM ${relation} t
             WHERE ${doomed(part)}${ids ? ' AND t.id = ANY ($3::bigint[])' : ''} LIMIT $2 FOR UPDATE SKIP LOCKED),
           gone AS (${act} WHERE t.ctid = ANY (ARRAY(SELECT place FROM chosen)) RETURNING 1)
    SELECT (SELECT count(*) FROM gone)::float8 AS rows, (SELECT coalesce(sum(size), 0) FROM chosen)::float8 AS bytes`;
};

type Batch = { readonly rows: number; readonly bytes: number };

const isLockTimeout = (error: unknown): boolean => (error as { code?: string }).code === '55P03';

/** One transaction: the rows, and the note that they are gone. Undefined where a lock was not had in time. */
const removeBatch = async (
  db: Direct,
  cleanup: string,
  { part, stored, most, ids }: { part: RowPart; stored: StoredPart; most: number; ids: readonly string[] | undefined },
): Promise<Batch | undefined> => {
  await db.query('BEGIN');
  try {
    await db.query(`SET LOCAL lock_timeout = '200ms'`);
    await db.query(`SELECT set_config('bursar.cleanup', $1, true)`, [cleanup]);
    const values = [stored.boundary, most, ...(ids === undefined ? [] : [ids])];
    const { rows } = await db.query<Batch>(removal(part, ids !== undefined), values);
    const batch = rows[0] ?? { rows: 0, bytes: 0 };
    if (batch.rows > 0) await noteRemoved(db, cleanup, stored.position, batch);
    await db.query('COMMIT');
    return batch;
  } catch (error) {
    await db.query('ROLLBACK');
    if (isLockTimeout(error)) return undefined;
    throw error;
  }
};

/** Whether anything is left that may go: what others hold, or what came beyond the count. */
const isLeft = async (db: Direct, part: RowPart, { boundary }: StoredPart, ids: readonly string[] | undefined): Promise<boolean> => {
  const { rows } = await db.query<{ left: boolean }>(
    `SELECT EXISTS (SELECT FROM ${part.relation} t WHERE ${doomed(part)}${ids === undefined ? '' : ' AND t.id = ANY ($2::bigint[])'}) AS left`,
    ids === undefined ? [boundary] : [boundary, ids],
  );
  return rows[0]?.left === true;
};

export type Removing = {
  readonly part: RowPart;
  readonly stored: StoredPart;
  /** Only these, as they stand in an archive. */
  readonly ids?: readonly string[];
  readonly signal: AbortSignal;
  readonly onRemoved: (removed: number) => void;
};

/**
 * Removes what was counted, batch by batch; what was removed before counts. What somebody holds for half a minute stays.
 * Throws BeyondTheCount where more would go than was counted and a tenth.
 */
export const removeRows = async (db: Direct, cleanup: string, { part, stored, ids, signal, onRemoved }: Removing): Promise<void> => {
  const most = stored.rows + Math.floor(stored.rows / 10);
  let { removed } = stored;
  let tries = 0;
  for (;;) {
    signal.throwIfAborted();
    const room = Math.min(batchRows, most - removed);
    const batch = room === 0 ? { rows: 0, bytes: 0 } : await removeBatch(db, cleanup, { part, stored, most: room, ids });
    if (batch && batch.rows > 0) {
      removed += batch.rows;
      tries = 0;
      onRemoved(removed);
    } else if (!(await isLeft(db, part, stored, ids))) return;
    else if (room === 0) throw new BeyondTheCount(`${part.what}: ${removed} of ${stored.rows} counted are gone and more would go`);
    else if (++tries > mostTries) return;
    await pause(batch ? pauseMs : 5 * pauseMs, undefined, { signal });
  }
};
