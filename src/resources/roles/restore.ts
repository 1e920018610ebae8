import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setRoleActive } from './queries.ts';
import { heldBy, roleFor, RoleId, roleTarget, whyNotRestore } from './target.ts';

export const restoreRole = defineAction({
  id: 'roles.restore',
  title: 'Restore role',
  past: 'restored',
  permission: 'role.edit',
  eyes: 1,
  // Whoever holds it gets its permissions again
  eyesFor: role => (role.holders > 0 ? 2 : 1),
  checker: 'access.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'role',
  input: z.object({ id: RoleId, note: Note }),

  gather: ({ id }, context) => roleFor(id, context, whyNotRestore),
  target: roleTarget,
  preview: role => [`${role.slug} can be granted again, and gives its ${role.permissions} permissions to whoever holds it`, heldBy(role)],

  execute: async (role, _input, { db }) => {
    await setRoleActive(db, role, true);
    return { summary: `restored the role ${role.slug}`, old: { active: role.isActive }, new: { active: true } };
  },

  waysBack: (role, { note }) => [{ action: 'roles.retire', input: { id: String(role.id), note: `undone: ${note}`.slice(0, 2_000) } }],
});
