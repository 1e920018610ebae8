import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import type { EventLevel } from '../../domain/event.ts';
import { defineResource, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { around, eventPage, type Around, type EventRow } from './queries.ts';

const tones: Readonly<Record<EventLevel, Tone>> = { debug: 'dim', info: 'plain', warning: 'warn', error: 'bad', critical: 'bad' };

const detail = (event: EventRow, { added, siblings }: Around): readonly DetailSection[] => [
  {
    title: 'Event',
    lines: [
      ['Number', String(event.id)],
      ['At', formatInstant(event.at)],
      ['Level', event.level, tones[event.level]],
      ['Source', event.source],
      ['Message', event.message],
      ['Job', event.jobId ?? '-'],
      ['User', event.userId === null ? '-' : `${event.username ?? 'nobody has this id'}, id ${event.userId}`],
      ['Correlation', event.correlationId ?? '-'],
    ],
  },
  ...(added.length === 0 ? [] : [{ title: 'Added by the platform', lines: added.map(({ key, value }) => [key, value] as const) }]),
  ...(siblings.length < 2
    ? []
    : [
        {
          title: 'Same correlation, T shows everything',
          table: {
            columns: ['At', 'Level', 'Source', 'Message'],
            rows: siblings.map(each => [
              `${each.id === event.id ? '> ' : ''}${formatShortInstant(each.at)}`,
              each.level,
              each.source,
              each.message,
            ]),
          },
        },
      ]),
];

export const events = defineResource<EventRow, Around>({
  id: 'events',
  title: 'Events',
  entity: 'event',
  aliases: ['event'],
  permission: 'event.read',
  page: eventPage,
  since: 'at',
  nameOf: event => `event ${event.id}`,

  columns: [
    { title: 'At', width: 11, sort: 'at', cell: event => formatShortInstant(event.at), value: event => isoInstant(event.at) },
    { title: 'Level', width: 8, cell: event => event.level, tone: event => tones[event.level] },
    { title: 'Source', width: 10, cell: event => event.source },
    { title: 'Message', width: 'fill', cell: event => event.message },
    {
      title: 'Trace',
      width: 8,
      cell: event => event.correlationId?.slice(0, 8) ?? '-',
      value: event => event.correlationId ?? '',
    },
    { title: 'Job', width: 22, priority: 2, cell: event => event.jobId ?? '-' },
    { title: 'User', width: 16, priority: 3, cell: event => event.username ?? (event.userId === null ? '-' : `id ${event.userId}`) },
  ],

  relate: (db, event) => around(db, event),
  detail,

  actions: {},
  jumps: {
    u: event => (event.userId === null ? undefined : { resource: 'users', filter: `id=${event.userId}` }),
    T: event => (event.correlationId === null ? undefined : { resource: 'trace', filter: `correlation=${event.correlationId}` }),
  },
});
