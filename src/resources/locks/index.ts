import { formatInstant } from '../../domain/day.ts';
import { formatValue } from '../../domain/health.ts';
import { defineResource } from '../../kit/define-resource.ts';
import { lockPage, type LockRow } from './queries.ts';

const waits = ({ waitsSeconds }: LockRow): string => formatValue('seconds', Number(waitsSeconds));
const who = (login: string | null, client: string | null): string => `${login ?? '-'} (${client || 'no name'})`;

/** Who waits for whom. */
export const locks = defineResource<LockRow, undefined>({
  id: 'locks',
  title: 'Locks',
  entity: 'health',
  aliases: ['lock', 'blockers'],
  nested: true,
  permission: 'health.read',
  page: lockPage,
  nameOf: row => `process ${row.id}`,
  empty: ['Nobody waits for a lock.', 'It is read again every second; [ goes back.'],

  columns: [
    { title: 'Waits', width: 7, align: 'right', sort: 'waits', cell: waits, tone: row => (row.waitsSeconds >= 60n ? 'bad' : row.waitsSeconds >= 5n ? 'warn' : 'plain') },
    { title: 'Process', width: 7, align: 'right', cell: row => String(row.id) },
    { title: 'Who waits', width: 24, cell: row => who(row.login, row.client) },
    { title: 'Blocked by', width: 10, align: 'right', cell: row => String(row.blocker) },
    { title: 'Who blocks', width: 24, cell: row => who(row.blockerLogin, row.blockerClient) },
    { title: 'Its state', width: 20, priority: 2, cell: row => row.blockerState ?? '-' },
    { title: 'Wants', width: 'fill', cell: row => row.wants },
    { title: 'Statement', width: 40, priority: 3, cell: row => row.statement ?? '-' },
  ], // prettier-ignore

  relate: async () => undefined,
  detail: row => [
    {
      title: 'Who waits',
      lines: [
        ['Process', String(row.id)],
        ['Who', who(row.login, row.client)],
        ['Waits', waits(row), 'warn'],
        ['Wants', row.wants],
        ['Statement', row.statement ?? '-'],
      ],
    },
    {
      title: 'Who blocks',
      lines: [
        ['Process', String(row.blocker)],
        ['Who', who(row.blockerLogin, row.blockerClient)],
        ['State', row.blockerState ?? '-'],
        ['Open since', formatInstant(row.blockerSince)],
        ['Statement', row.blockerStatement ?? '-'],
        ['To end it', `SELECT pg_terminate_backend(${row.blocker}), as its login or as a superuser`],
      ],
    },
  ],
  actions: {},
  jumps: {},
});
