import { formatInstant, formatShortInstant } from '../../domain/day.ts';
import { countOf, dueWords, lengthOf } from '../../domain/incident.ts';
import { formatMoney } from '../../domain/money.ts';
import type { DetailLine, DetailSection } from '../../kit/define-resource.ts';
import type { Impact, IncidentRow, Lines, Moment, NextStep } from './queries.ts';

export type Related = {
  readonly timeline: readonly Moment[];
  readonly impact: Impact;
  readonly next: readonly NextStep[];
  readonly lines: Lines;
};

export const tones = { open: 'bad', contained: 'warn', resolved: 'good', reviewed: 'dim' } as const;

const since = (from: Date, to: Date): string => lengthOf((to.getTime() - from.getTime()) / 1_000);

const moment = (title: string, at: Date | null, { openedAt }: IncidentRow): readonly DetailLine[] =>
  at ? [[title, `${formatInstant(at)}, after ${since(openedAt, at)}`]] : [];

const itself = (incident: IncidentRow): DetailSection => ({
  title: 'Incident',
  lines: [
    ['Number', String(incident.id)],
    ['Title', incident.title],
    ['Kind', incident.kind],
    ['Level', String(incident.level)],
    ['Status', incident.status, tones[incident.status]],
    ['Led by', incident.commander],
    ['Opened', `${formatInstant(incident.openedAt)} by ${incident.openedBy}`],
    ...moment('Contained', incident.containedAt, incident),
    ...moment('Resolved', incident.resolvedAt, incident),
    ...moment('Reviewed', incident.reviewedAt, incident),
  ],
});

/** How far the checklist is: "5 of 12, 2 overdue". */
const progress = ({ steps, settled, overdue }: IncidentRow): string => `${settled} of ${steps}${overdue > 0 ? `, ${overdue} overdue` : ''}`;

const checklist = (incident: IncidentRow, next: readonly NextStep[]): DetailSection => ({
  title: 'Checklist (Enter opens it)',
  lines: [
    ['Done', progress(incident), incident.overdue > 0 ? 'bad' : 'plain'],
    ...(incident.status === 'reviewed'
      ? []
      : next.map(({ title, dueIn }) => [dueWords(dueIn), title, dueIn <= 0 ? 'bad' : 'plain'] as const)),
  ],
});

const affected = ({ status }: IncidentRow, impact: Impact, { records }: Lines): DetailSection => ({
  title: status === 'resolved' || status === 'reviewed' ? 'What it did' : 'Affected (a lists the accounts)',
  lines: [
    ['Accounts', `${impact.accounts} of ${countOf(impact.customers, 'customer')}, ${impact.frozen} frozen`],
    ...Object.entries(impact.balances).map(([currency, minor]) => ['Balances', formatMoney(BigInt(minor), currency)] as const),
    ['Refused', countOf(impact['refused postings'], 'posting')],
    ...records.map(({ entity, record }) => [entity, record] as const),
  ],
});

const kept = ({ evidence }: Lines): readonly DetailSection[] =>
  evidence.length === 0
    ? []
    : [
        {
          title: 'Evidence',
          lines: evidence.map(
            ({ id, at, by, sha256 }) => [`#${id}`, `${formatShortInstant(at)} by ${by}, sha256 ${sha256.slice(0, 16)}`] as const,
          ),
        },
      ];

const told = ({ notices }: Lines): readonly DetailSection[] =>
  notices.length === 0
    ? []
    : [
        {
          title: 'Notices (:incident-notices)',
          lines: notices.map(
            ({ id, audience, status, at }) =>
              [`#${id}`, `${audience}: ${status} ${formatShortInstant(at)}`, status === 'draft' ? 'info' : 'plain'] as const,
          ),
        },
      ];

const learned = ({ lessons: { rootCause, prevention, result } }: Lines): readonly DetailSection[] =>
  rootCause === null
    ? []
    : [
        {
          title: 'Review',
          lines: [
            ['Root cause', rootCause],
            ['Prevention', prevention ?? '-'],
            ['Result', `sha256 ${result ?? '-'}`],
          ],
        },
      ];

const timelineSection = (timeline: readonly Moment[]): DetailSection => ({
  title: 'Timeline',
  lines: timeline.map(({ at, operator, action, record, outcome, note }): DetailLine => [
    formatShortInstant(at),
    `${operator} ${action} ${record}${outcome === 'success' ? '' : ` (${outcome})`}${note ? `: ${note}` : ''}`,
    outcome === 'success' ? 'plain' : 'warn',
  ]),
});

/** The detail of an incident: what it is, what is due, what it did, what was kept and told, and what was done about it. */
export const detail = (incident: IncidentRow, { timeline, impact, next, lines }: Related): readonly DetailSection[] => [
  itself(incident),
  checklist(incident, next),
  affected(incident, impact, lines),
  ...kept(lines),
  ...told(lines),
  ...learned(lines),
  timelineSection(timeline),
];
