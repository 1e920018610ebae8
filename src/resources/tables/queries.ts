import { number, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

export type TableRow = Keyed & {
  readonly name: string;
  /** Rows, as the statistics have them. */
  readonly live: bigint;
  readonly dead: bigint;
  readonly deadPercent: number;
  readonly bytes: bigint;
  readonly tableBytes: bigint;
  readonly indexBytes: bigint;
  readonly sequential: bigint;
  readonly byIndex: bigint;
  readonly vacuumedAt: Date | null;
  readonly analyzedAt: Date | null;
  /** Transactions since its oldest row was frozen. */
  readonly age: bigint;
};

export const tablePage = pageOf<TableRow>({
  table: 'ops.table_statistics()',
  select: `t.name, t.live, t.dead, t.dead_percent AS "deadPercent", t.bytes, t.table_bytes AS "tableBytes", t.index_bytes AS "indexBytes", t.sequential, t.by_index AS "byIndex",
    t.vacuumed_at AS "vacuumedAt", t.analyzed_at AS "analyzedAt", t.age`,
  defaultSort: { field: 'bytes', descending: true },
  fields: {
    text: text('t.name', { exact: ['t.name LIKE {contains}'] }),
    id: number('t.id'),
    name: text('t.name', { sortable: true }),
    bytes: number('t.bytes', { sortable: true }),
    live: number('t.live', { sortable: true }),
    dead: number('t.dead', { sortable: true }),
    age: number('t.age', { sortable: true }),
  },
});
