import type { Db } from '../../database/client.ts';
import { number, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import type { Permission } from '../../domain/permission.ts';

/** What somebody noted on a record. */
export type NoteRow = Keyed & {
  readonly entity: string;
  readonly entityId: string;
  readonly text: string;
  readonly by: string;
  readonly at: Date;
  /** What it takes to read the record, and so what was noted on it. */
  readonly needs: Permission;
};

/** Not to be searched by words: what was noted on a record is read by those who may read the record. */
export const notePage = pageOf<NoteRow>({
  table: 'ops.note',
  select: `t.entity, t.entity_id AS "entityId", t.text, o.name AS by, t.written_at AS at, p.permission AS needs`,
  joins: 'JOIN ops.operator o ON o.id = t.written_by JOIN ops.notable p ON p.entity = t.entity',
  defaultSort: { field: 'at', descending: true },
  fields: {
    id: number('t.id'),
    entity: text('t.entity'),
    record: text('t.entity_id'),
    by: text('t.written_by', { exact: ['t.written_by = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    at: time('t.written_at', { sortable: true }),
  },
});

/** Notes something; gives the note's number. */
export const addNote = async (db: Db, entity: string, id: string, words: string): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT ops.add_note(${entity}, ${id}, ${words}) AS id`;
  if (!row) throw new Error('nothing was noted');
  return row.id;
};
