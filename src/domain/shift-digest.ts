import { z } from 'zod';
import { formatInstant } from './day.ts';
import { escaped, markdownSection, markdownTable } from './markdown.ts';

/** How everything stood at a moment, and what happened in a shift, as the database counts it (ops.shift_digest). */
export const ShiftDigest = z.object({
  from: z.string(),
  at: z.string(),
  operator: z.string().nullable(),
  alerts: z.object({ open: z.number(), 'in review': z.number(), snoozed: z.number() }),
  gravest: z.array(z.object({ alert: z.number(), rule: z.number(), account: z.string(), score: z.number() })),
  requests: z.number(),
  pending: z.array(z.object({ number: z.number(), action: z.string(), record: z.string(), by: z.string(), expires: z.string() })),
  incidents: z.array(z.object({ number: z.number(), level: z.number(), title: z.string(), status: z.string() })),
  frozen: z.array(z.object({ account: z.string(), ground: z.string(), by: z.string(), at: z.string() })),
  holds: z.array(z.object({ account: z.string(), on: z.string(), ground: z.string() })),
  review: z.object({ number: z.number(), day: z.string(), items: z.number(), decided: z.number() }).nullable(),
  notices: z.object({ dead: z.number(), failed: z.number() }),
  acts: z.array(z.object({ audit: z.number(), at: z.string(), action: z.string(), record: z.string(), outcome: z.string() })),
});
export type ShiftDigest = z.output<typeof ShiftDigest>;

type Table = { readonly title: string; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

const minute = (instant: string): string => formatInstant(new Date(instant)).slice(0, 16);

const reviewWords = ({ review }: ShiftDigest): string =>
  review === null ? 'none is open' : `of ${review.day}: ${review.decided} of ${review.items} decided`;

/** The digest in figures. */
export const digestLines = (digest: ShiftDigest): readonly (readonly [label: string, value: string])[] => [
  ['Shift', `${minute(digest.from)} to ${minute(digest.at)} UTC`],
  ['Alerts', `${digest.alerts.open} open, ${digest.alerts['in review']} in review, ${digest.alerts.snoozed} of them snoozed`],
  ['Incidents', digest.incidents.length === 0 ? 'none is open' : `${digest.incidents.length} open`],
  ['Requests', `${digest.requests} wait for a second person`],
  ['Frozen', `${digest.frozen.length} in this shift`],
  ['Holds', `${digest.holds.length} to be reviewed by tomorrow`],
  ['Daily review', reviewWords(digest)],
  ['Notices', `${digest.notices.dead} given up, ${digest.notices.failed} to be tried again`],
];

const tables = (digest: ShiftDigest): readonly Table[] => [
  {
    title: 'Open incidents',
    columns: ['No', 'Level', 'Title', 'Status'],
    rows: digest.incidents.map(each => [`#${each.number}`, String(each.level), each.title, each.status]),
  },
  {
    title: 'Gravest alerts',
    columns: ['Alert', 'Rule', 'Account', 'Score'],
    rows: digest.gravest.map(each => [`#${each.alert}`, `R${each.rule}`, each.account, String(each.score)]),
  },
  {
    title: 'Waiting requests',
    columns: ['No', 'Action', 'Record', 'By', 'Expires'],
    rows: digest.pending.map(each => [`#${each.number}`, each.action, each.record, each.by, minute(each.expires)]),
  },
  {
    title: 'Frozen in this shift',
    columns: ['Account', 'Ground', 'By', 'At'],
    rows: digest.frozen.map(each => [each.account, each.ground, each.by, minute(each.at)]),
  },
  {
    title: 'Holds to review',
    columns: ['Account', 'Review on', 'Ground'],
    rows: digest.holds.map(each => [each.account, each.on, each.ground]),
  },
  {
    title: `Last acts of ${digest.operator ?? 'nobody'}`,
    columns: ['At', 'Action', 'Record', 'Outcome', 'Audit'],
    rows: digest.acts.map(each => [minute(each.at), each.action, each.record, each.outcome, `#${each.audit}`]),
  },
];

/** What there is to list, with a heading each. */
export const digestTables = (digest: ShiftDigest): readonly Table[] => tables(digest).filter(({ rows }) => rows.length > 0);

/** The digest for people to read. */
export const digestMarkdown = (digest: ShiftDigest): string => {
  const lines = [
    `# Shift digest of ${minute(digest.at)} UTC`,
    '',
    ...digestLines(digest).map(([label, value]) => `- ${label}: ${escaped(value)}`),
    ...digestTables(digest).flatMap(({ title, columns, rows }) =>
      markdownSection(
        escaped(title),
        markdownTable(
          columns,
          rows.map(row => row.map(escaped)),
        ),
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
};
