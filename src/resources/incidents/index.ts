import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailLine } from '../../kit/define-resource.ts';
import { whyNotFrom } from './move.ts';
import { incidentPage, timelineOf, type IncidentRow } from './queries.ts';

const tones = { open: 'bad', contained: 'warn', resolved: 'good', reviewed: 'dim' } as const;

type Timeline = Awaited<ReturnType<typeof timelineOf>>;

export const incidents = defineResource<IncidentRow, Timeline>({
  id: 'incidents',
  title: 'Incidents',
  entity: 'incident',
  aliases: ['incident'],
  permission: 'incident.read',
  page: incidentPage,
  since: 'opened',
  nameOf: incident => `#${incident.id}`,

  columns: [
    { title: 'No', width: 6, align: 'right', cell: incident => String(incident.id) },
    { title: 'Level', width: 5, align: 'right', cell: incident => String(incident.level) },
    { title: 'Kind', width: 8, cell: incident => incident.kind },
    { title: 'Title', width: 'fill', cell: incident => incident.title },
    { title: 'Status', width: 9, cell: incident => incident.status, tone: incident => tones[incident.status] },
    {
      title: 'Opened',
      width: 11,
      sort: 'opened',
      cell: incident => formatShortInstant(incident.openedAt),
      value: incident => isoInstant(incident.openedAt),
    },
    { title: 'By', width: 12, priority: 2, cell: incident => incident.openedBy },
  ],

  relate: (db, incident) => timelineOf(db, incident.id),
  detail: (incident, timeline) => [
    {
      title: 'Incident',
      lines: [
        ['Number', String(incident.id)],
        ['Title', incident.title],
        ['Level', String(incident.level)],
        ['Status', incident.status, tones[incident.status]],
        ['Opened', `${formatInstant(incident.openedAt)} by ${incident.openedBy}`],
        ['Changed', formatInstant(incident.changedAt)],
      ],
    },
    {
      title: 'Timeline',
      lines: timeline.map(({ at, operator, action, note }): DetailLine => [
        formatShortInstant(at),
        `${operator ?? '-'} ${action}: ${note ?? ''}`,
      ]),
    },
  ],

  actions: {
    c: on('incidents.contain', whyNotFrom('open')),
    r: on('incidents.resolve', whyNotFrom('contained')),
    w: on('incidents.review', whyNotFrom('resolved')),
  },
  general: { n: { action: 'incidents.declare', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: { l: incident => ({ resource: 'audit', filter: `entity=incident record=${incident.id}` }) },
});
