import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type DetailLine, type DetailSection } from '../../kit/define-resource.ts';
import { developerGrantPage, doneUnder, type DeveloperGrantRow } from './queries.ts';

type Under = Awaited<ReturnType<typeof doneUnder>>;

const shown = 40;

const end = ({ live, endedAt, endedBy, expiresAt }: DeveloperGrantRow): DetailLine => {
  if (live) return ['Ends', `${formatInstant(expiresAt)}, by itself`, 'warn'];
  return ['Ended', endedBy ? `${formatInstant(endedAt)} by ${endedBy}` : `${formatInstant(endedAt ?? expiresAt)}, by itself`];
};

const detail = (grant: DeveloperGrantRow, { acts, total }: Under): readonly DetailSection[] => [
  {
    title: 'Developer role',
    lines: [
      ['Operator', grant.operator],
      ['Granted', `${formatInstant(grant.grantedAt)}, asked for by ${grant.grantedBy ?? '-'}`],
      end(grant),
      ['Incident', grant.incidentId === null ? '-' : `#${grant.incidentId} ${grant.incident ?? ''}`],
    ],
  },
  {
    title: total > acts.length ? `Done under it: the last ${acts.length} of ${total}, all of them by l` : `Done under it: ${total}`,
    lines:
      acts.length === 0
        ? [['nothing', 'not even looked at anything', 'dim']]
        : acts.map(({ at, action, record, outcome }): DetailLine => [
            formatShortInstant(at),
            `${action} ${record} ${outcome}`,
            outcome === 'success' ? 'plain' : 'warn',
          ]),
  },
];

/** What is reviewed after an incident: who was developer, when, and all that was done meanwhile. */
export const developerGrants = defineResource<DeveloperGrantRow, Under>({
  id: 'developer-grants',
  title: 'Developer grants',
  entity: 'developer-grant',
  aliases: ['developers'],
  permission: 'operator.read',
  page: developerGrantPage,
  since: 'granted',
  nameOf: grant => `grant ${grant.id}`,

  columns: [
    { title: 'Grant', width: 6, align: 'right', cell: grant => String(grant.id) },
    { title: 'Operator', width: 14, cell: grant => grant.operator },
    { title: 'Status', width: 6, cell: ({ live }) => (live ? 'live' : 'ended'), tone: ({ live }) => (live ? 'warn' : 'dim') },
    {
      title: 'Granted',
      width: 11,
      sort: 'granted',
      cell: ({ grantedAt }) => formatShortInstant(grantedAt),
      value: ({ grantedAt }) => isoInstant(grantedAt),
    },
    {
      title: 'Until',
      width: 11,
      cell: ({ endedAt, expiresAt }) => formatShortInstant(endedAt ?? expiresAt),
      value: ({ endedAt, expiresAt }) => isoInstant(endedAt ?? expiresAt),
    },
    { title: 'Asked by', width: 12, cell: ({ grantedBy }) => grantedBy ?? '-' },
    {
      title: 'Incident',
      width: 'fill',
      cell: ({ incidentId, incident }) => (incidentId === null ? '-' : `#${incidentId} ${incident ?? ''}`),
    },
  ],

  relate: (db, grant) => doneUnder(db, grant, shown),
  detail,

  actions: {
    f: {
      action: 'flows.begin',
      single: true,
      inputFrom: ({ operator }) => ({ flow: 'developer-misuse', about: operator }),
      whyNot: () => undefined,
    },
  },
  jumps: {
    u: ({ operatorId }) => ({ resource: 'operators', filter: `id=${operatorId}` }),
    l: ({ id }) => ({ resource: 'audit', filter: `grant=${id}` }),
  },
});
