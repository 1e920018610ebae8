import { formatShortInstant, isoInstant } from '../../domain/day.ts';
import { dueWords } from '../../domain/incident.ts';
import { defineResource, on } from '../../kit/define-resource.ts';
import { impactOf, incidentPage, linesOf, nextSteps, timelineOf, type IncidentRow } from './queries.ts';
import { detail, tones, type Related } from './sections.ts';
import { whyNotIn, whyOver } from './target.ts';

const shownSteps = 3;
const shownMoments = 20;

export const incidents = defineResource<IncidentRow, Related>({
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
      title: 'Done',
      width: 6,
      align: 'right',
      cell: incident => `${incident.settled}/${incident.steps}`,
      tone: incident => (incident.overdue > 0 ? 'bad' : 'plain'),
    },
    {
      title: 'Next step',
      width: 14,
      cell: incident => (incident.nextIn === null ? '-' : dueWords(incident.nextIn)),
      value: incident => (incident.nextIn === null ? '' : String(incident.nextIn)),
      tone: incident => ((incident.nextIn ?? 1) <= 0 ? 'bad' : 'plain'),
    },
    {
      title: 'Opened',
      width: 11,
      sort: 'opened',
      priority: 2,
      cell: incident => formatShortInstant(incident.openedAt),
      value: incident => isoInstant(incident.openedAt),
    },
    { title: 'Led by', width: 12, priority: 3, cell: incident => incident.commander },
  ],

  relate: async (db, { id }) => {
    const [timeline, impact, next, lines] = await Promise.all([
      timelineOf(db, id, shownMoments),
      impactOf(db, id),
      nextSteps(db, id, shownSteps),
      linesOf(db, id),
    ]);
    return { timeline, impact, next, lines };
  },
  detail,
  // What is to be done; d opens the incident's own detail
  open: incident => ({ resource: 'incident-steps', filter: `incident=${incident.id}` }),

  actions: {
    c: on('incidents.contain', whyNotIn('open')),
    r: on('incidents.resolve', whyNotIn('contained')),
    w: on('incidents.review', whyNotIn('resolved')),
    f: {
      ...on('accounts.freeze', whyOver),
      over: {
        title: 'Freeze all affected accounts',
        where: incident => ({ resource: 'accounts', filter: `incident=${incident.id} status=active` }),
      },
    },
    a: on('incidents.link', whyOver),
    u: on('incidents.unlink', whyOver),
    p: on('incidents.preserve'),
    t: on('incidents.draft-notice'),
    v: on('incidents.set-level', whyOver),
    o: on('incidents.assign', whyOver),
  },
  general: { n: { action: 'incidents.declare', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    a: incident => ({ resource: 'accounts', filter: `incident=${incident.id}` }),
    l: incident => ({ resource: 'audit', filter: `entity=incident record=${incident.id}` }),
  },
});
