import { number, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

/** A statement without its values: how long it takes, or for how long it has run where nothing counts. */
export type StatementRow = Keyed & {
  readonly meanMs: number;
  readonly calls: bigint;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly rowsEach: number | null;
  readonly login: string | null;
  readonly statement: string;
  readonly counted: boolean;
};

export const statementPage = pageOf<StatementRow>({
  table: 'ops.slow_statements()',
  select: `t.mean_ms AS "meanMs", t.calls, t.total_ms AS "totalMs", t.max_ms AS "maxMs", t.rows_each AS "rowsEach", t.login, t.statement, t.counted`,
  defaultSort: { field: 'mean', descending: true },
  fields: {
    text: text('t.statement', { exact: ['lower(t.statement) LIKE {contains}'] }),
    id: number('t.id'),
    mean: number('t.mean_ms::bigint', { sortable: true }),
    total: number('t.total_ms::bigint', { sortable: true }),
    calls: number('t.calls', { sortable: true }),
    login: text('t.login'),
  },
});
