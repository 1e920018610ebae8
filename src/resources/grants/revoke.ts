import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { listed } from '../../domain/platform-role.ts';
import { defineAction } from '../../kit/define-action.ts';
import { effectivePermissions } from '../roles/queries.ts';
import { findGrant, revokeGrant } from './queries.ts';
import { whyNotRevoke } from './target.ts';

export const revokeRoleGrant = defineAction({
  id: 'grants.revoke',
  title: 'Revoke grant',
  past: 'revoked',
  permission: 'grant.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'delete',
  entity: 'grant',
  input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Grant id' }), note: Note }),

  gather: async ({ id }, { db }) => {
    const grant = await findGrant(db, id);
    if (!grant) return notFound(`there is no grant ${id}`);
    const objection = whyNotRevoke(grant);
    if (objection !== undefined) return conflict(objection);
    const effective = await effectivePermissions(db, grant.subjectId, grant.tenant);
    const lost = effective.filter(({ roles }) => roles.length === 1 && roles[0] === grant.role).map(({ codename }) => codename);
    return done({ grant, lost });
  },
  target: ({ grant }) => ({ id: String(grant.id), label: `${grant.role} of ${grant.who}`, version: 0 }),
  preview: ({ grant, lost }) => [
    `${grant.who} is no longer ${grant.roleName} (${grant.role})${grant.tenant ? ` in ${grant.tenant}` : ''}, from now on`,
    ...(lost.length === 0 ? ['loses no permission: another role gives them too'] : listed('loses', lost)),
    `was granted by ${grant.grantedBy ?? 'nobody'} at ${formatInstant(grant.grantedAt)}, last used ${formatInstant(grant.lastUsedAt)}`,
  ],

  execute: async ({ grant }, _input, { db }) => {
    await revokeGrant(db, grant.id);
    return {
      summary: `revoked ${grant.role} of ${grant.who}`,
      old: { user: grant.who, role: grant.role, tenant: grant.tenant, since: grant.grantedAt, until: grant.expiresAt },
      new: { revoked: true },
    };
  },

  waysBack: ({ grant }, { note }) => [
    {
      action: 'grants.grant',
      input: {
        username: grant.who,
        role: grant.role,
        ...(grant.tenant ? { tenant: grant.tenant } : {}),
        note: `undone: ${note}`.slice(0, 2_000),
      },
    },
  ],
});
