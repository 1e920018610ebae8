import { z } from 'zod';
import { escaped, markdownSection as section, markdownTable as tableOf } from './markdown.ts';

const Maybe = z.string().nullable();

/** The result of an access review, as the database writes it (ops.review_document). */
export const ReviewDocument = z.object({
  review: z.object({
    number: z.number(),
    kind: z.string(),
    title: z.string(),
    since: z.string(),
    opened: z.string(),
    'opened by': z.string(),
    closed: z.string(),
    'closed by': z.string(),
    items: z.number(),
    kept: z.number(),
    revoked: z.number(),
  }),
  context: z.looseObject({
    changes: z
      .array(z.object({ row: z.number(), at: z.string(), operator: Maybe, action: z.string(), record: z.string(), why: Maybe }))
      .default([]),
    separation: z.array(z.string()).nullable().default([]),
    permissions: z.record(z.string(), z.array(z.string())).optional(),
  }),
  items: z.array(
    z.object({
      kind: z.string(),
      who: z.string(),
      role: z.string(),
      sensitive: z.boolean(),
      granted: Maybe,
      'granted by': Maybe,
      expires: Maybe,
      'last used': Maybe,
      'inactive days': z.number(),
      change: Maybe,
      conflicts: z.array(z.string()),
      decision: z.string(),
      note: z.string(),
      'decided by': z.string(),
      decided: z.string(),
      /** Of machines alone. */
      machine: z
        .object({
          place: z.string(),
          from: z.array(z.string()),
          'used from': Maybe,
          fingerprint: z.string(),
          'approved by': Maybe,
          'days left': z.number(),
          permissions: z.array(z.string()),
          hosts: z.array(z.string()),
        })
        .optional(),
    }),
  ),
});
export type ReviewDocument = z.output<typeof ReviewDocument>;
type Item = ReviewDocument['items'][number];

const day = (instant: string | null): string => instant?.slice(0, 10) ?? '\u2013';

const itemRow = (item: Item): readonly string[] => [
  escaped(`${item.kind} ${item.who}`),
  escaped(item.role),
  item.sensitive ? 'yes' : '',
  `${day(item.granted)} ${escaped(item['granted by'] ?? '')}`.trim(),
  day(item.expires),
  `${item['inactive days']} d`,
  escaped([...item.conflicts, ...(item.change === null ? [] : [item.change])].join('; ')),
  `${item.decision} by ${escaped(item['decided by'])}`,
  escaped(item.note),
];

const machineRow = ({ who, machine, ...item }: Item): readonly string[] =>
  machine === undefined
    ? []
    : [
        who,
        machine.place,
        machine.from.join(', ') || 'anywhere',
        machine.fingerprint,
        `${item['granted by'] ?? ''}, approved by ${machine['approved by'] ?? 'nobody on record'}`,
        `${day(item.expires)}, ${machine['days left']} d`,
        day(item['last used']),
        machine.permissions.join(', '),
        machine.hosts.join(', '),
      ].map(escaped);

const machineTitles = ['Machine', 'Where', 'Only from', 'Key', 'Asked for by', 'Until', 'Last used', 'May', 'Worked on'];

const itemTitles = ['Who', 'Role', 'Sensitive', 'Granted', 'Until', 'Inactive', 'Against it', 'Decision', 'Note'];

/** The result for people to read. */
export const reviewMarkdown = ({ review, context, items }: ReviewDocument, sha256: string): string => {
  const decided = (decision: string) => items.filter(item => item.decision === decision).map(itemRow);
  const machines = items.filter(item => item.machine !== undefined).map(machineRow);
  const lines = [
    `# ${escaped(review.title)}`,
    '',
    `The ${review.kind} access review ${review.number}, opened ${review.opened} by ${escaped(review['opened by'])}, closed ${review.closed} by ${escaped(review['closed by'])}.`,
    `${review.items} items: ${review.kept} kept, ${review.revoked} revoked. Changes since ${review.since}.`,
    '',
    `SHA-256 of the result: \`${sha256}\``,
    ...section('Revoked', review.revoked === 0 ? [] : tableOf(itemTitles, decided('revoke'))),
    ...section('Kept', review.kept === 0 ? [] : tableOf(itemTitles, decided('keep'))),
    ...(machines.length === 0 ? [] : section('Machines', tableOf(machineTitles, machines))),
    ...section(
      'Changes since the last review',
      context.changes.length === 0
        ? ['None.']
        : tableOf(
            ['At', 'Operator', 'Action', 'Record', 'Why'],
            context.changes.map(({ at, operator, action, record, why }) => [at, operator ?? '', action, record, why ?? ''].map(escaped)),
          ),
    ),
    ...section(
      'What one person must not hold together',
      (context.separation ?? []).map(title => `- ${escaped(title)}`),
    ),
    ...section(
      'What each role may',
      Object.entries(context.permissions ?? {}).map(([role, held]) => `- ${escaped(role)}: ${escaped(held.join(', '))}`),
    ),
  ];
  return `${lines.join('\n')}\n`;
};
