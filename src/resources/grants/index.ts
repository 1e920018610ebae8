import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailSection } from '../../kit/define-resource.ts';
import { conflictsOfGrant, grantPage, type GrantRow } from './queries.ts';
import { whyNotRevoke } from './target.ts';

const tones = { live: 'good', expired: 'dim', revoked: 'dim' } as const;

const ending = ({ expiresAt, revokedAt, revokedBy }: GrantRow): string => {
  if (revokedBy !== null) return `${formatInstant(revokedAt)} by ${revokedBy}`;
  return expiresAt === null ? 'without end' : formatInstant(expiresAt);
};

const detail = (grant: GrantRow, conflicts: readonly string[]): readonly DetailSection[] => [
  {
    title: `${grant.role} of ${grant.who}`,
    lines: [
      ['Who', `${grant.kind} ${grant.who}`],
      ['Role', `${grant.roleName} (${grant.role}), level ${grant.level}`],
      ['Good for', grant.tenant || 'everything'],
      ['State', grant.state, tones[grant.state]],
      ['Since', `${formatInstant(grant.grantedAt)} by ${grant.grantedBy ?? 'the setup'}`],
      ['Until', ending(grant), grant.state === 'live' && grant.expiresAt ? 'info' : 'plain'],
      ['Last used', formatInstant(grant.lastUsedAt)],
    ],
  },
  ...(conflicts.length === 0
    ? []
    : [{ title: 'Breaks the separation of duties', lines: conflicts.map(title => ['conflict', title, 'warn'] as const) }]),
];

export const grants = defineResource<GrantRow, readonly string[]>({
  id: 'grants',
  title: 'Grants',
  entity: 'grant',
  aliases: ['grant'],
  permission: 'grant.read',
  page: grantPage,
  since: 'since',
  nameOf: grant => `${grant.role} of ${grant.who}`,

  columns: [
    { title: 'Who', width: 'fill', cell: grant => grant.who },
    { title: 'Kind', width: 8, priority: 2, cell: grant => grant.kind },
    { title: 'Role', width: 30, cell: grant => (grant.tenant ? `${grant.role} in ${grant.tenant}` : grant.role) },
    {
      title: 'Since',
      width: 11,
      sort: 'since',
      cell: grant => formatShortInstant(grant.grantedAt),
      value: grant => isoInstant(grant.grantedAt),
    },
    {
      title: 'Until',
      width: 11,
      cell: grant => formatShortInstant(grant.expiresAt),
      value: grant => isoInstant(grant.expiresAt),
      tone: grant => (grant.state === 'live' && grant.expiresAt ? 'info' : 'plain'),
    },
    { title: 'By', width: 10, priority: 2, cell: grant => grant.grantedBy ?? '-' },
    {
      title: 'Last used',
      width: 11,
      priority: 2,
      cell: grant => formatShortInstant(grant.lastUsedAt),
      value: grant => isoInstant(grant.lastUsedAt),
    },
    { title: 'State', width: 7, cell: grant => grant.state, tone: grant => tones[grant.state] },
    { title: 'Level', width: 5, align: 'right', priority: 3, cell: grant => String(grant.level) },
  ],

  relate: conflictsOfGrant,
  detail,

  actions: { r: on('grants.revoke', whyNotRevoke) },
  general: { n: { action: 'grants.grant', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    u: grant =>
      grant.kind === 'user'
        ? { resource: 'users', filter: `username=${grant.who}` }
        : { resource: 'operators', filter: `name=${grant.who}` },
    l: grant => ({ resource: 'audit', filter: `entity=${grant.kind} record=${grant.subjectId}` }),
  },
});
