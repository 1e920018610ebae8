import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { findInvite, revokeInvite, type InviteRow } from './queries.ts';

/** Why an invite cannot be revoked, or undefined. */
export const whyNotRevoke = (invite: InviteRow): string | undefined =>
  invite.state === 'open' ? undefined : `this invite is ${invite.state} already`;

export const revokeInviteOf = defineAction({
  id: 'invites.revoke',
  title: 'Revoke invite',
  past: 'revoked the invite of',
  permission: 'invite.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'invite',
  input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Invite' }), note: Note }),
  irreversible: 'a revoked invite stays revoked: make another',

  gather: async ({ id }, { db }) => {
    const invite = await findInvite(db, id);
    if (!invite) return notFound(`there is no invite ${id}`);
    const objection = whyNotRevoke(invite);
    return objection === undefined ? done(invite) : conflict(objection);
  },
  target: ({ id, email, version }) => ({ id: String(id), label: email, version }),
  preview: ({ email, role, uses, maxUses }) => [
    `nobody registers any more by the invite of ${email} as ${role}`,
    uses === 0 ? 'nobody did so far' : `${uses} of ${maxUses} did; they stay`,
  ],

  execute: async (invite, _input, { db }) => {
    await revokeInvite(db, invite);
    return { summary: `revoked the invite of ${invite.email}`, old: { state: invite.state, uses: invite.uses }, new: { state: 'revoked' } };
  },
});
