import type { Db } from '../../database/client.ts';
import { meaning, number, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { ShiftDigest } from '../../domain/shift-digest.ts';

export type HandoverRow = Keyed & {
  readonly text: string;
  readonly since: Date;
  /** As it was computed when it was written; read with `digestOf`. */
  readonly digest: unknown;
  readonly writtenBy: string;
  readonly writerId: bigint;
  readonly writtenAt: Date;
  readonly acceptedBy: string | null;
  readonly acceptedAt: Date | null;
  readonly acceptNote: string | null;
  readonly version: number;
};

export const handoverPage = pageOf<HandoverRow>({
  table: 'ops.handover',
  select: `t.text, t.since, t.digest, w.name AS "writtenBy", t.written_by AS "writerId", t.written_at AS "writtenAt", a.name AS "acceptedBy", t.accepted_at AS "acceptedAt",
    t.accept_note AS "acceptNote", t.version`,
  joins: 'JOIN ops.operator w ON w.id = t.written_by LEFT JOIN ops.operator a ON a.id = t.accepted_by',
  defaultSort: { field: 'written', descending: true },
  fields: {
    text: text('t.text', { exact: ['lower(t.text) LIKE {contains}'] }),
    id: number('t.id'),
    by: text('t.written_by', { exact: ['t.written_by = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    state: meaning({ waiting: 't.accepted_at IS NULL', accepted: 't.accepted_at IS NOT NULL' }),
    written: time('t.written_at', { sortable: true }),
  },
});

export const findHandover = (db: Db, id: bigint): Promise<HandoverRow | undefined> => handoverPage.find(db, id);

/** How everything stands now, and what this operator did in the shift that began with the last handover. */
export const digestNow = async (db: Db, operator: bigint): Promise<ShiftDigest> => {
  const [row] = await db.$queryRaw<{ digest: unknown }[]>`SELECT ops.shift_digest(ops.shift_start(), ${operator}) AS digest`;
  return ShiftDigest.parse(row?.digest);
};

/** Writes a handover with the digest of now; gives its number. */
export const writeHandover = async (db: Db, words: string): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.write_handover(${words})`;
  if (!row) throw new Error('the handover was not written');
  return row.id;
};

export const acceptHandover = async (db: Db, handover: HandoverRow, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.accept_handover(${handover.id}, ${note}, ${handover.version}::int)`;
};

/** The newest that nobody has accepted yet. */
export const newestWaiting = async (db: Db): Promise<Pick<HandoverRow, 'id' | 'writtenBy' | 'writtenAt'> | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint; writtenBy: string; writtenAt: Date }[]>`
    SELECT h.id, w.name AS "writtenBy", h.written_at AS "writtenAt" FROM ops.handover h JOIN ops.operator w ON w.id = h.written_by WHERE h.accepted_at IS NULL ORDER BY h.id DESC LIMIT 1`;
  return row;
};
