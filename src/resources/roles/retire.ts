import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setRoleActive } from './queries.ts';
import { heldBy, roleFor, RoleId, roleTarget, whyNotRetire } from './target.ts';

export const retireRole = defineAction({
  id: 'roles.retire',
  title: 'Retire role',
  past: 'retired',
  permission: 'role.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'role',
  input: z.object({ id: RoleId, note: Note }),

  gather: ({ id }, context) => roleFor(id, context, whyNotRetire),
  target: roleTarget,
  preview: role => [`${role.slug} gives nobody anything any more, and cannot be granted; its grants stay on record`, heldBy(role)],

  execute: async (role, _input, { db }) => {
    await setRoleActive(db, role, false);
    return { summary: `retired the role ${role.slug}`, old: { active: role.isActive }, new: { active: false } };
  },

  waysBack: (role, { note }) => [{ action: 'roles.restore', input: { id: String(role.id), note: `undone: ${note}`.slice(0, 2_000) } }],
});
