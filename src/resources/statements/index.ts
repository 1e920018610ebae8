import { formatValue } from '../../domain/health.ts';
import { defineResource } from '../../kit/define-resource.ts';
import { statementPage, type StatementRow } from './queries.ts';

const milliseconds = (value: number): string => formatValue('milliseconds', value);
const rows = ({ rowsEach }: StatementRow): string => (rowsEach === null ? '-' : Math.round(rowsEach).toLocaleString('en'));

/** The slowest statements of the database. */
export const statements = defineResource<StatementRow, undefined>({
  id: 'statements',
  title: 'Slow statements',
  entity: 'health',
  aliases: ['slow-statements', 'queries'],
  nested: true,
  permission: 'health.read',
  page: statementPage,
  nameOf: row => `statement ${row.id}`,
  empty: ['Nothing runs now.', 'pg_stat_statements is not there, so nothing counts what ran; [ goes back.'],

  columns: [
    { title: 'Mean', width: 9, align: 'right', sort: 'mean', cell: row => milliseconds(row.meanMs), tone: row => (row.meanMs >= 5_000 ? 'bad' : row.meanMs >= 1_000 ? 'warn' : 'plain') },
    { title: 'Calls', width: 9, align: 'right', sort: 'calls', cell: row => (row.counted ? row.calls.toLocaleString('en') : 'runs now') },
    { title: 'In all', width: 9, align: 'right', sort: 'total', priority: 2, cell: row => milliseconds(row.totalMs) },
    { title: 'Slowest', width: 9, align: 'right', priority: 2, cell: row => milliseconds(row.maxMs) },
    { title: 'Rows', width: 8, align: 'right', priority: 2, cell: rows },
    { title: 'Login', width: 16, priority: 2, cell: row => row.login ?? '-' },
    { title: 'Statement', width: 'fill', cell: row => row.statement },
  ], // prettier-ignore

  relate: async () => undefined,
  detail: row => [
    {
      title: 'Statement',
      lines: [
        [row.counted ? 'Mean' : 'Runs for', milliseconds(row.meanMs)],
        ...(row.counted
          ? ([
              ['Calls', row.calls.toLocaleString('en')],
              ['In all', milliseconds(row.totalMs)],
              ['Slowest', milliseconds(row.maxMs)],
              ['Rows each', rows(row)],
            ] as const)
          : ([['Counted', 'no: pg_stat_statements is not there, so only what runs now is seen', 'warn']] as const)),
        ['Login', row.login ?? '-'],
        ['Text', row.statement],
      ],
    },
  ],
  actions: {},
  jumps: {},
});
