import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type DetailSection } from '../../kit/define-resource.ts';
import { whyNotEdit } from './edit.ts';
import { policyPage, usesOf, type PolicyRow, type PolicyUse } from './queries.ts';

/** Hours where people count in them. */
const kept = ({ days }: PolicyRow): string => {
  if (days === null) return 'for ever';
  return days === 1 ? '24 h' : `${days} d`;
};
const state = ({ kind, enabled }: PolicyRow): string => {
  if (kind === 'kept') return 'never removed';
  if (kind === 'orphans') return 'by itself';
  return enabled ? 'in full cleanup' : 'left out';
};

const uses = (list: readonly PolicyUse[]): readonly DetailSection[] =>
  list.length === 0
    ? []
    : [
        {
          title: 'Removed',
          table: {
            columns: ['Cleanup', 'When', 'Rows', 'Octets'],
            rows: list.map(({ id, at, removed, bytes }) => [
              `#${id}`,
              formatShortInstant(at),
              removed.toLocaleString('en'),
              bytes.toLocaleString('en'),
            ]),
          },
        },
      ];

export const policiesPane = defineResource<PolicyRow, readonly PolicyUse[]>({
  id: 'policies',
  title: 'Cleanup policies',
  entity: 'policy',
  aliases: ['policy', 'retention'],
  permission: 'cleanup.read',
  page: policyPage,
  nameField: 'name',
  nameOf: policy => policy.name,

  columns: [
    { title: 'Policy', width: 16, sort: 'name', cell: policy => policy.name },
    { title: 'Kept', width: 8, align: 'right', cell: kept },
    { title: 'At least', width: 8, align: 'right', cell: policy => `${policy.floorDays} d` },
    { title: 'State', width: 15, cell: state, tone: policy => (policy.enabled ? 'plain' : 'warn') },
    { title: 'Archived', width: 8, cell: policy => (policy.archive ? 'first' : '-') },
    { title: 'What', width: 'fill', cell: policy => policy.words },
    {
      title: 'Changed',
      width: 11,
      priority: 3,
      cell: policy => formatShortInstant(policy.changedAt),
      value: policy => isoInstant(policy.changedAt),
    },
  ],

  relate: usesOf,
  detail: (policy, list) => [
    {
      title: policy.title,
      lines: [
        ['Policy', policy.name],
        ['Removes', policy.words],
        ['Kept', kept(policy)],
        ['At least', `${policy.floorDays} days: nobody goes below`],
        ['State', state(policy)],
        ['Archived', policy.archive ? 'to a file with its SHA-256, before anything is removed' : 'no'],
        ['Changed', policy.changedAt === null ? 'never' : `${formatInstant(policy.changedAt)} by ${policy.changedBy ?? '-'}`],
      ],
    },
    ...uses(list),
  ],

  actions: {
    e: {
      action: 'policies.edit',
      inputFrom: policy => ({ id: String(policy.id), days: String(policy.days ?? ''), enabled: policy.enabled ? 'yes' : 'no' }),
      whyNot: whyNotEdit,
    },
  },
  jumps: { l: policy => ({ resource: 'audit', filter: `entity=policy record=${policy.id}` }) },
  open: policy => ({ resource: 'cleanups', filter: `policy=${policy.name}` }),
});
