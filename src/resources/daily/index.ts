import { listedOf } from '../../domain/daily-report.ts';
import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type Binding, type DetailSection } from '../../kit/define-resource.ts';
import { coverageOf, dailyPage, type CoverageRow, type DailyFacts, type DailyRow } from './queries.ts';
import { progressOf } from './target.ts';

const tally = (row: Pick<CoverageRow, 'kept' | 'acted' | 'escalated'>): readonly string[] =>
  [row.kept, row.acted, row.escalated].map(count => count.toLocaleString('en'));

const summary = (review: DailyRow): DetailSection => ({
  title: `Daily review of ${review.day}`,
  lines: [
    ['Number', String(review.id)],
    ['Progress', progressOf(review), review.decided === review.items ? 'good' : 'info'],
    ['Escalated', String(review.escalated), review.escalated > 0 ? 'warn' : 'plain'],
    ['Opened', `${formatInstant(review.openedAt)} by ${review.openedBy}`],
    ['Looked at', `from ${formatInstant(review.since)} to ${formatInstant(review.gatheredAt)}`],
    review.closedAt ? ['Closed', `${formatInstant(review.closedAt)} by ${review.closedBy}`, 'good'] : ['Closed', 'no', 'info'],
    ...(review.closeNote === null ? [] : [['Note', review.closeNote] as const]),
    ...(review.result === null ? [] : [['Record', `sha256 ${review.result}`] as const]),
  ],
});

const detail = (review: DailyRow, { coverage, people }: DailyFacts): readonly DetailSection[] => [
  summary(review),
  {
    title: 'What it covers',
    table: {
      columns: ['About', 'Listed', 'Seen before', 'Kept', 'Acted', 'Escalated', 'Undecided'],
      rows: coverage.map(row => [
        row.category,
        listedOf(row),
        String(row.seen),
        ...tally(row),
        String(row.listed - row.kept - row.acted - row.escalated),
      ]),
    },
  },
  { title: 'By whom', table: { columns: ['Operator', 'Kept', 'Acted', 'Escalated'], rows: people.map(row => [row.who, ...tally(row)]) } },
];

const whole = (action: string): Binding<undefined> => ({ action, inputFrom: () => ({}), whyNot: () => undefined });

export const daily = defineResource<DailyRow, DailyFacts>({
  id: 'daily',
  title: 'Daily reviews',
  entity: 'daily-review',
  aliases: ['daily-reviews'],
  permission: 'daily.read',
  page: dailyPage,
  since: 'opened',
  nameField: 'day',
  nameOf: review => review.day,

  columns: [
    { title: 'Day', width: 10, cell: review => review.day },
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
      width: 'fill',
      cell: progressOf,
      value: review => String(review.decided),
      tone: review => (review.decided === review.items ? 'good' : review.closedAt ? 'warn' : 'info'),
    },
    {
      title: 'Escalated',
      width: 9,
      align: 'right',
      cell: review => String(review.escalated),
      tone: review => (review.escalated > 0 ? 'warn' : 'plain'),
    },
    {
      title: 'Closed',
      width: 11,
      cell: review => (review.closedAt ? formatShortInstant(review.closedAt) : 'open'),
      value: review => isoInstant(review.closedAt),
      tone: review => (review.closedAt ? 'dim' : 'info'),
    },
    { title: 'Closed by', width: 10, priority: 2, cell: review => review.closedBy ?? '-' },
  ],

  relate: (db, review) => coverageOf(db, review.id),
  detail,
  // What is in it; d opens the review's own detail
  open: review => ({ resource: 'daily-items', filter: `review=${review.id}` }),

  actions: {},
  general: { n: whole('daily.open'), r: whole('daily.refresh'), c: whole('daily.close') },
  jumps: { l: review => ({ resource: 'audit', filter: `entity=daily-review record=${review.id}` }) },
});
