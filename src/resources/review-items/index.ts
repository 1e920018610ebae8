import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { itemPage, type ItemRow } from './queries.ts';
import { machineLines, whyNotKeep, whyNotRevoke } from './target.ts';

/** Nobody used it for so many days: it stands out. */
const long = 90;

const state = ({ decision, held }: ItemRow): readonly [string, Tone] => {
  if (decision === null) return ['undecided', 'info'];
  if (decision === 'keep') return ['kept', 'good'];
  return held ? ['to revoke', 'warn'] : ['revoked', 'dim'];
};

const origins = {
  operator: 'an operator of this console',
  grant: 'a grant on the platform',
  user: "the user's own role",
  machine: 'of a machine',
} as const;

const detail = (item: ItemRow): readonly DetailSection[] => [
  {
    title: `${item.role} of ${item.who}`,
    lines: [
      ['Who', `${item.kind} ${item.who}`],
      ['Role', `${item.role}, ${origins[item.source]}`],
      ['Sensitive', item.sensitive ? 'yes' : 'no', item.sensitive ? 'warn' : 'plain'],
      ['Granted', `${formatInstant(item.grantedAt)} by ${item.grantedBy ?? 'the setup'}`],
      ['Until', item.expiresAt ? formatInstant(item.expiresAt) : 'without end'],
      ['Last used', formatInstant(item.lastUsedAt)],
      ['Last login', formatInstant(item.lastLoginAt)],
      ['Inactive', `${item.inactiveDays} days`, item.inactiveDays >= long ? 'warn' : 'plain'],
      ...(item.change === null ? [] : [['Changed', item.change, 'info'] as const]),
      ...item.conflicts.map(title => ['Conflict', title, 'warn'] as const),
    ],
  },
  ...(item.machine === null ? [] : [{ title: 'Machine', lines: machineLines(item.machine) }]),
  {
    title: 'Decision',
    lines: [
      ['State', ...state(item)],
      ['Review', String(item.reviewId)],
      ...(item.decision === null
        ? []
        : [['By', `${item.decidedBy} ${formatInstant(item.decidedAt)}`] as const, ['Note', item.note ?? '-'] as const]),
    ],
  },
];

export const reviewItems = defineResource<ItemRow, undefined>({
  id: 'review-items',
  title: 'Review items',
  entity: 'review-item',
  aliases: ['items'],
  nested: true,
  permission: 'review.read',
  page: itemPage,
  nameOf: item => `${item.role} of ${item.who}`,

  columns: [
    { title: 'Who', width: 'fill', cell: item => item.who },
    { title: 'Kind', width: 8, priority: 2, cell: item => item.kind },
    { title: 'Role', width: 26, cell: item => item.role },
    {
      title: 'Granted',
      width: 11,
      priority: 2,
      cell: item => formatShortInstant(item.grantedAt),
      value: item => isoInstant(item.grantedAt),
    },
    { title: 'Until', width: 11, priority: 3, cell: item => formatShortInstant(item.expiresAt), value: item => isoInstant(item.expiresAt) },
    {
      title: 'Inactive',
      width: 8,
      align: 'right',
      cell: item => `${item.inactiveDays} d`,
      value: item => String(item.inactiveDays),
      tone: item => (item.inactiveDays >= long ? 'warn' : 'plain'),
    },
    {
      title: 'Against it',
      width: 22,
      cell: item => item.conflicts.join('; ') || (item.change ?? (item.sensitive ? 'sensitive' : '-')),
      tone: item => (item.conflicts.length > 0 ? 'warn' : 'plain'),
    },
    { title: 'Decision', width: 9, cell: item => state(item)[0], tone: item => state(item)[1] },
    { title: 'Review', width: 6, align: 'right', priority: 3, cell: item => String(item.reviewId) },
    { title: 'Item', width: 6, align: 'right', sort: 'item', priority: 3, cell: item => String(item.id) },
  ],

  relate: async () => undefined,
  detail,

  actions: { k: on('review-items.keep', whyNotKeep), r: on('review-items.revoke', whyNotRevoke) },
  jumps: {
    u: ({ kind, who }) => ({ resource: `${kind}s`, filter: `${kind === 'user' ? 'username' : 'name'}=${who}` }),
    l: item => ({ resource: 'audit', filter: `entity=${item.kind} record=${item.subjectId}` }),
  },
});
