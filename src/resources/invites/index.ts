import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on } from '../../kit/define-resource.ts';
import { invitePage, usesOf, type InviteRow, type InviteUse } from './queries.ts';
import { whyNotRevoke } from './revoke.ts';

const tones = { open: 'good', 'used up': 'dim', expired: 'dim', revoked: 'warn' } as const;

export const invites = defineResource<InviteRow, readonly InviteUse[]>({
  id: 'invites',
  title: 'Invites',
  entity: 'invite',
  aliases: ['invite'],
  permission: 'invite.read',
  page: invitePage,
  since: 'created',
  personal: true,
  nameOf: invite => invite.email,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: invite => String(invite.id) },
    { title: 'E-mail', width: 'fill', cell: invite => invite.email },
    { title: 'Role', width: 9, cell: invite => invite.role },
    { title: 'Uses', width: 9, align: 'right', cell: invite => `${invite.uses} of ${invite.maxUses}` },
    { title: 'State', width: 7, cell: invite => invite.state, tone: invite => tones[invite.state] },
    { title: 'Expires', width: 11, cell: invite => formatShortInstant(invite.expiresAt), value: invite => isoInstant(invite.expiresAt) },
    {
      title: 'Made',
      width: 11,
      sort: 'created',
      priority: 2,
      cell: invite => formatShortInstant(invite.createdAt),
      value: invite => isoInstant(invite.createdAt),
    },
    { title: 'By', width: 12, priority: 2, cell: invite => invite.createdBy },
    { title: 'Code ends', width: 9, priority: 3, cell: invite => invite.hint },
  ],

  relate: (db, invite) => usesOf(db, invite.id),
  detail: (invite, uses) => [
    {
      title: 'Invite',
      lines: [
        ['E-mail', invite.email],
        ['Registers as', invite.role],
        ['State', invite.state, tones[invite.state]],
        ['Uses', `${invite.uses} of ${invite.maxUses}`],
        ['Code', `ends in ${invite.hint}; the rest is only in the message to the invitee`],
        ['Made', `${formatInstant(invite.createdAt)} by ${invite.createdBy}`],
        ['Expires', formatInstant(invite.expiresAt)],
        ...(invite.revokedAt ? [['Revoked', `${formatInstant(invite.revokedAt)} by ${invite.revokedBy ?? '-'}`] as const] : []),
      ],
    },
    ...(uses.length === 0
      ? []
      : [
          {
            title: 'Who registered by it',
            table: {
              columns: ['Username', 'At', 'Status'],
              rows: uses.map(({ username, usedAt, status }) => [username, formatShortInstant(usedAt), status ?? '-']),
            },
          },
        ]),
  ],

  actions: { r: on('invites.revoke', whyNotRevoke) },
  general: { n: { action: 'invites.create', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    u: invite => (invite.uses === 0 ? undefined : { resource: 'users', filter: `email=${invite.email}` }),
    l: invite => ({ resource: 'audit', filter: `entity=invite record=${invite.id}` }),
  },
});
