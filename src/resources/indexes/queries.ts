import { flag, number, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

export type IndexRow = Keyed & {
  readonly name: string;
  readonly onTable: string;
  readonly scans: bigint;
  readonly bytes: bigint;
  /** A key or a rule stands on it: it is needed even where nobody reads by it. */
  readonly enforces: boolean;
  readonly isValid: boolean;
  readonly definition: string;
};

export const indexPage = pageOf<IndexRow>({
  table: 'ops.index_statistics()',
  select: 't.name, t.on_table AS "onTable", t.scans, t.bytes, t.enforces, t.is_valid AS "isValid", t.definition',
  defaultSort: { field: 'bytes', descending: true },
  fields: {
    text: text('t.name', { exact: ['t.name LIKE {contains}'] }),
    id: number('t.id'),
    name: text('t.name', { sortable: true }),
    table: text('t.on_table'),
    bytes: number('t.bytes', { sortable: true }),
    scans: number('t.scans', { sortable: true }),
    unused: flag('t.scans = 0 AND NOT t.enforces'),
    valid: flag('t.is_valid'),
  },
});
