import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailSection } from '../../kit/define-resource.ts';
import { factsOf, reviewPage, type ReviewFacts, type ReviewRow } from './queries.ts';
import { undecidedIn, whyNotClose } from './target.ts';

const ways = { operator: 'operators revoke-role', user: 'users change-role', grant: 'grants revoke', machine: 'machines revoke' } as const;
const shownChanges = 20;

const summary = (review: ReviewRow, facts: ReviewFacts): DetailSection => ({
  title: `${review.kind} review ${review.id}`,
  lines: [
    ['Title', review.title],
    ['Opened', `${formatInstant(review.openedAt)} by ${review.openedBy}`],
    ['Changes since', formatInstant(review.since)],
    ['Items', `${review.items}: ${review.kept} kept, ${review.revoked} revoked, ${facts.undecided} undecided`],
    ['Conflicts', String(facts.conflicts), facts.conflicts > 0 ? 'warn' : 'plain'],
    ['Sensitive', String(facts.sensitive)],
    ['Inactive', `${facts.inactive} not used for 90 days`, facts.inactive > 0 ? 'warn' : 'plain'],
    ['With an end', String(facts.timed)],
    ['Changed', String(facts.changed)],
    review.closedAt ? ['Closed', `${formatInstant(review.closedAt)} by ${review.closedBy}`, 'good'] : ['Closed', 'no', 'info'],
    ...(review.result === null ? [] : [['Result', `sha256 ${review.result}`] as const]),
  ],
});

const changeSection = (changes: ReviewFacts['changes']): DetailSection => ({
  title: `What changed since the last one (${changes.length})`,
  lines:
    changes.length === 0
      ? [['none', 'nothing was granted, revoked or raised', 'dim']]
      : changes
          .slice(-shownChanges)
          .toReversed()
          .map(({ at, operator, action, record, why }) => [
            at.slice(5, 16).replace('T', ' '),
            `${operator ?? 'nobody'} ${action} ${record}${why === null ? '' : `: ${why}`}`,
          ]),
});

const detail = (review: ReviewRow, facts: ReviewFacts): readonly DetailSection[] => [
  summary(review, facts),
  ...(facts.open.length === 0
    ? []
    : [
        {
          title: 'Revoked, and still held',
          table: {
            columns: ['Who', 'Role', 'How it is taken'],
            rows: facts.open.map(({ who, role, source, request }) => [
              who,
              role,
              request === null ? (ways[source as keyof typeof ways] ?? source) : `request ${request} waits in the inbox`,
            ]),
          },
        },
      ]),
  changeSection(facts.changes),
  { title: 'What one person must not hold together', lines: facts.separation.map(title => ['rule', title] as const) },
];

export const reviews = defineResource<ReviewRow, ReviewFacts>({
  id: 'reviews',
  title: 'Reviews',
  entity: 'review',
  aliases: ['access-review', 'access-reviews'],
  permission: 'review.read',
  page: reviewPage,
  since: 'opened',
  nameOf: review => `${review.kind} review ${review.id}`,

  columns: [
    { title: 'Review', width: 6, align: 'right', cell: review => String(review.id) },
    { title: 'Kind', width: 9, cell: review => review.kind },
    { title: 'Title', width: 'fill', cell: review => review.title },
    {
      title: 'Opened',
      width: 11,
      sort: 'opened',
      cell: review => formatShortInstant(review.openedAt),
      value: review => isoInstant(review.openedAt),
    },
    { title: 'By', width: 10, priority: 2, cell: review => review.openedBy },
    {
      title: 'Decided',
      width: 9,
      align: 'right',
      cell: review => `${review.items - undecidedIn(review)}/${review.items}`,
      tone: review => (undecidedIn(review) === 0 ? 'good' : 'info'),
    },
    { title: 'Revoked', width: 7, align: 'right', priority: 2, cell: review => String(review.revoked) },
    {
      title: 'Closed',
      width: 11,
      cell: review => (review.closedAt ? formatShortInstant(review.closedAt) : 'open'),
      value: review => isoInstant(review.closedAt),
      tone: review => (review.closedAt ? 'dim' : 'info'),
    },
  ],

  relate: (db, review) => factsOf(db, review.id),
  detail,
  // What is to be decided; d opens the review's own detail
  open: review => ({ resource: 'review-items', filter: `review=${review.id}` }),

  actions: { c: on('reviews.close', whyNotClose) },
  general: { n: { action: 'reviews.open', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: { l: review => ({ resource: 'audit', filter: `entity=review record=${review.id}` }) },
});
