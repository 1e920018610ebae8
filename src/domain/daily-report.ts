import { z } from 'zod';
import { decisionWords } from './daily-decision.ts';
import { escaped, markdownSection, markdownTable } from './markdown.ts';

const Tally = z.object({ kept: z.number(), acted: z.number(), escalated: z.number() });

/** The record of a daily review, as the database writes it (ops.daily_document). */
export const DailyDocument = z.object({
  review: Tally.extend({
    number: z.number(),
    day: z.string(),
    since: z.string(),
    opened: z.string(),
    'opened by': z.string(),
    gathered: z.string(),
    closed: z.string(),
    'closed by': z.string(),
    note: z.string(),
    items: z.number(),
    undecided: z.number(),
  }),
  coverage: z.array(
    Tally.extend({ category: z.string(), found: z.number(), listed: z.number(), undecided: z.number(), remark: z.string().nullable() }),
  ),
  people: z.array(Tally.extend({ who: z.string() })),
  items: z.array(
    z.object({
      item: z.number(),
      category: z.string(),
      label: z.string(),
      words: z.string(),
      decision: z.string().nullable(),
      note: z.string().nullable(),
      'decided by': z.string().nullable(),
      decided: z.string().nullable(),
    }),
  ),
});
export type DailyDocument = z.output<typeof DailyDocument>;

type Coverage = Pick<DailyDocument['coverage'][number], 'found' | 'listed' | 'remark'>;

/** `37`, `200 of 1,240`, or why there can be nothing. */
export const listedOf = ({ found, listed, remark }: Coverage): string => {
  if (remark !== null) return remark;
  return listed === found ? listed.toLocaleString('en') : `${listed.toLocaleString('en')} of ${found.toLocaleString('en')}`;
};

const told = (decision: string | null): string =>
  decision === null ? 'NOT decided' : (decisionWords[decision as keyof typeof decisionWords] ?? decision);

type Item = DailyDocument['items'][number];

const itemRow = (item: Item): readonly string[] => [
  String(item.item),
  escaped(item.category),
  escaped(item.label),
  escaped(item.words),
  told(item.decision),
  item['decided by'] === null ? '' : `${escaped(item['decided by'])} ${item.decided ?? ''}`,
  escaped(item.note ?? ''),
];

const itemTitles = ['Item', 'About', 'Record', 'What was seen', 'Decision', 'By', 'Note'];

const itemsWith = (items: readonly Item[], decision: string | null): readonly string[] => {
  const rows = items.filter(item => item.decision === decision).map(itemRow);
  return rows.length === 0 ? [] : markdownTable(itemTitles, rows);
};

/** The record for people to read; what was not decided stands first. */
export const dailyMarkdown = ({ review, coverage, people, items }: DailyDocument, sha256: string): string => {
  const lines = [
    `# Daily review of ${review.day}`,
    '',
    `Review ${review.number}, opened ${review.opened} by ${escaped(review['opened by'])}, closed ${review.closed} by ${escaped(review['closed by'])}: ${escaped(review.note)}`,
    '',
    `${review.items} items: ${review.kept} kept, ${review.acted} acted on, ${review.escalated} escalated, ${review.undecided} not decided. Looked at from ${review.since} to ${review.gathered}.`,
    '',
    `SHA-256 of the record: \`${sha256}\``,
    ...markdownSection(
      'What was covered',
      markdownTable(
        ['About', 'Listed', 'Kept', 'Acted', 'Escalated', 'Not decided'],
        coverage.map(each => [
          escaped(each.category),
          escaped(listedOf(each)),
          ...[each.kept, each.acted, each.escalated, each.undecided].map(String),
        ]),
      ),
    ),
    ...markdownSection(
      'By whom',
      markdownTable(
        ['Operator', 'Kept', 'Acted', 'Escalated'],
        people.map(({ who, kept, acted, escalated }) => [escaped(who), ...[kept, acted, escalated].map(String)]),
      ),
    ),
    ...markdownSection('Not decided', itemsWith(items, null)),
    ...markdownSection('Escalated', itemsWith(items, 'escalate')),
    ...markdownSection('Acted on', itemsWith(items, 'act')),
    ...markdownSection('Kept', itemsWith(items, 'keep')),
  ];
  return `${lines.join('\n')}\n`;
};
