import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailLine, type Tone } from '../../kit/define-resource.ts';
import { maintenancePage, type MaintenanceRow, type MaintenanceState } from './queries.ts';
import { whyOver } from './target.ts';

const tones: Readonly<Record<MaintenanceState, Tone>> = {
  planned: 'info',
  on: 'warn',
  over: 'dim',
  'ended early': 'dim',
  cancelled: 'dim',
};

export const maintenancePane = defineResource<MaintenanceRow, undefined>({
  id: 'maintenance',
  title: 'Maintenance',
  entity: 'maintenance',
  aliases: ['windows'],
  empty: ['Nothing is here yet.', 'The platform is open to its users. x s closes it for a while with a message, x p plans when.'],
  permission: 'maintenance.read',
  page: maintenancePage,
  since: 'from',
  nameOf: () => 'maintenance',
  whenEmpty: 'The platform was never closed from here: x s closes it now, x p plans it.',

  columns: [
    { title: 'No', width: 6, align: 'right', cell: row => String(row.id) },
    { title: 'State', width: 11, cell: row => row.state, tone: row => tones[row.state] },
    { title: 'From', width: 11, sort: 'from', cell: row => formatShortInstant(row.fromAt), value: row => isoInstant(row.fromAt) },
    { title: 'Until', width: 11, cell: row => formatShortInstant(row.until), value: row => isoInstant(row.until) },
    { title: 'Message', width: 'fill', cell: row => row.message },
    { title: 'By', width: 12, priority: 2, cell: row => row.askedBy },
  ],

  relate: async () => undefined,
  detail: row => [
    {
      title: 'Maintenance mode',
      lines: [
        ['State', row.state, tones[row.state]],
        ['From', formatInstant(row.fromAt)],
        [
          'Until',
          `${formatInstant(row.until)}${row.extended > 0 ? `, extended ${row.extended} ${row.extended === 1 ? 'time' : 'times'}` : ''}`,
        ],
        ['Message', row.message],
        ['Asked for', `${formatInstant(row.askedAt)} by ${row.askedBy}`],
        ...(row.endedAt === null ? [] : [['Ended', `${formatInstant(row.endedAt)} by ${row.endedBy ?? '-'}`] satisfies DetailLine]),
      ],
    },
  ],

  actions: {
    e: on('maintenance.extend', whyOver),
    d: on('maintenance.end', whyOver),
  },
  general: {
    s: { action: 'maintenance.start', inputFrom: () => ({}), whyNot: () => undefined },
    p: { action: 'maintenance.plan', inputFrom: () => ({}), whyNot: () => undefined },
    f: { action: 'runbooks.maintenance-on', inputFrom: () => ({}), whyNot: () => undefined },
    o: { action: 'runbooks.maintenance-off', inputFrom: () => ({}), whyNot: () => undefined },
  },
  jumps: { l: row => ({ resource: 'audit', filter: `entity=maintenance record=${row.id}` }) },
});
