import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { changedPermissions, listed, matrixOf } from '../../domain/platform-role.ts';
import { defineAction } from '../../kit/define-action.ts';
import { permissionsOf, permissionsOn, setRolePermissions, type RoleRow } from './queries.ts';
import { heldBy, roleFor, RoleId, roleTarget } from './target.ts';

type Facts = {
  readonly role: RoleRow;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly gained: readonly string[];
  readonly lost: readonly string[];
};

export const setPermissions = defineAction({
  id: 'roles.set-permissions',
  title: 'Set permissions',
  past: 'set the permissions of',
  permission: 'role.edit',
  eyes: 1,
  // More for a role is more for everybody who holds it
  eyesFor: ({ role, gained }: Facts) => (role.holders > 0 && gained.length > 0 ? 2 : 1),
  checker: 'access.decide',
  danger: 'plain',
  code: true,
  verb: 'update',
  entity: 'role',
  input: z.object({
    id: RoleId,
    permissions: z.string().trim().max(8_000, 'is too long').meta({ title: 'Permissions, whole or as +these -those' }),
    note: Note,
  }),

  gather: async ({ id, permissions }, context) => {
    const role = await roleFor(id, context);
    if (!role.ok) return role;
    const [before, known] = await Promise.all([permissionsOf(context.db, id), permissionsOn(context.db, role.value.profile)]);
    const after = changedPermissions(permissions, before, known);
    if (!after.ok) return after;
    const gained = after.value.filter(codename => !before.includes(codename));
    const lost = before.filter(codename => !after.value.includes(codename));
    if (gained.length + lost.length === 0) return conflict(`${role.value.slug} has exactly these permissions already`);
    return done({ role: role.value, before, after: after.value, gained, lost });
  },
  target: ({ role }) => roleTarget(role),

  preview: ({ role, after, gained, lost }) => [
    ...listed('gains', gained),
    ...listed('loses', lost),
    `${role.slug} has ${after.length} permissions then`,
    heldBy(role),
  ],
  evidence: ({ gained, lost, after }) => [
    {
      title: 'What changes',
      table: { columns: ['', 'Permission'], rows: [...gained.map(codename => ['+', codename]), ...lost.map(codename => ['-', codename])] },
    },
    { title: 'Afterwards', table: matrixOf(after.map(codename => ({ codename }))) },
  ],

  execute: async ({ role, before, after, gained, lost }, _input, { db }) => {
    await setRolePermissions(db, role, after);
    return {
      summary: `set the permissions of ${role.slug}: ${gained.length} more, ${lost.length} fewer`,
      old: { permissions: before },
      new: { permissions: after, gained, lost },
    };
  },

  waysBack: ({ role, before }, { note }) => [
    {
      action: 'roles.set-permissions',
      input: { id: String(role.id), permissions: before.join(', ') || `-${role.profile}.*`, note: `undone: ${note}`.slice(0, 2_000) },
    },
  ],
});
