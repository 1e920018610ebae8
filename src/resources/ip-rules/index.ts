import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { behindTable, behindWords, type Behind } from '../../domain/ip-rule.ts';
import { scopeWords } from '../../domain/network.ts';
import { defineResource, on } from '../../kit/define-resource.ts';
import { behind, ipRulePage, type IpRuleRow } from './queries.ts';
import { whyNotRemove } from './remove.ts';

const tones = { active: 'good', expired: 'dim', removed: 'dim' } as const;

export const ipRules = defineResource<IpRuleRow, readonly Behind[]>({
  id: 'ip-rules',
  title: 'IP rules',
  entity: 'ip-rule',
  aliases: ['ip-rule', 'ip'],
  permission: 'ip-rule.read',
  page: ipRulePage,
  since: 'created',
  nameOf: rule => rule.network,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: rule => String(rule.id) },
    { title: 'Kind', width: 5, cell: rule => rule.kind, tone: rule => (rule.kind === 'block' ? 'bad' : 'good') },
    { title: 'Network', width: 20, cell: rule => rule.network },
    { title: 'For', width: 10, cell: rule => rule.scope },
    { title: 'Hits', width: 7, align: 'right', cell: rule => String(rule.hits) },
    { title: 'State', width: 7, cell: rule => rule.state, tone: rule => tones[rule.state] },
    { title: 'Expires', width: 11, cell: rule => formatShortInstant(rule.expiresAt), value: rule => isoInstant(rule.expiresAt) },
    { title: 'Reason', width: 'fill', cell: rule => rule.reason },
    {
      title: 'Made',
      width: 11,
      sort: 'created',
      priority: 2,
      cell: rule => formatShortInstant(rule.createdAt),
      value: rule => isoInstant(rule.createdAt),
    },
    { title: 'By', width: 12, priority: 2, cell: rule => rule.createdBy ?? '-' },
  ],

  relate: (db, rule) => behind(db, rule.network),
  detail: (rule, people) => [
    {
      title: rule.kind === 'block' ? 'Block' : 'Allowlist entry',
      lines: [
        ['Network', rule.network],
        ['For', scopeWords[rule.scope]],
        ['State', rule.state, tones[rule.state]],
        ['Expires', rule.expiresAt ? formatInstant(rule.expiresAt) : 'never'],
        ['Refused', `${rule.hits} sign-ins`],
        ['Reason', rule.reason],
        ['Made', `${formatInstant(rule.createdAt)} by ${rule.createdBy ?? 'the owner of the database'}`],
        ...(rule.removedAt ? [['Removed', `${formatInstant(rule.removedAt)} by ${rule.removedBy ?? '-'}`] as const] : []),
        ['Behind it', behindWords(people)],
      ],
    },
    ...behindTable({ behind: people }),
  ],

  actions: { r: on('ip-rules.remove', whyNotRemove) },
  general: {
    b: { action: 'ip-rules.block', inputFrom: () => ({}), whyNot: () => undefined },
    a: { action: 'ip-rules.allow', inputFrom: () => ({}), whyNot: () => undefined },
  },
  jumps: { l: rule => ({ resource: 'audit', filter: `entity=ip-rule record=${rule.id}` }) },
});
