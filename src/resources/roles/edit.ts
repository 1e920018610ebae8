import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { RoleLevel, roleTypes } from '../../domain/platform-role.ts';
import { defineAction } from '../../kit/define-action.ts';
import { editRole as updateRole, type RoleRow } from './queries.ts';
import { heldBy, RoleDescription, roleFor, RoleId, RoleName, roleTarget } from './target.ts';

const Edit = z.object({
  id: RoleId,
  name: RoleName,
  description: RoleDescription,
  type: z.enum(roleTypes).default('general'),
  level: RoleLevel,
  moduleAdmin: z.boolean().default(false).meta({ title: 'Module admin' }),
  note: Note,
});

type Values = {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly level: number;
  readonly moduleAdmin: boolean;
};
const keys = ['name', 'description', 'type', 'level', 'moduleAdmin'] as const;
const valuesOf = ({ name, description, roleType, level, isModuleAdmin }: RoleRow): Values => ({
  name,
  description,
  type: roleType,
  level,
  moduleAdmin: isModuleAdmin,
});
const pick = (from: Values, wanted: readonly (keyof Values)[]) => Object.fromEntries(wanted.map(key => [key, from[key]]));

export const editRole = defineAction({
  id: 'roles.edit',
  title: 'Edit role',
  past: 'edited',
  permission: 'role.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'role',
  input: Edit,

  gather: async (input, context) => {
    const role = await roleFor(input.id, context);
    if (!role.ok) return role;
    const before = valuesOf(role.value);
    const changed = keys.filter(key => before[key] !== input[key]);
    return changed.length === 0
      ? conflict(`nothing is different from what ${role.value.slug} has`)
      : done({ role: role.value, before, changed });
  },
  target: ({ role }) => roleTarget(role),
  preview: ({ role, before, changed }, input) => [...changed.map(key => `${key}: ${before[key]} -> ${input[key]}`), heldBy(role)],

  execute: async ({ role, before, changed }, input, { db }) => {
    await updateRole(db, role, { ...input, roleType: input.type, isModuleAdmin: input.moduleAdmin });
    return { summary: `edited the role ${role.slug}: ${changed.join(', ')}`, old: pick(before, changed), new: pick(input, changed) };
  },

  waysBack: ({ role, before }, { note }) => [
    {
      action: 'roles.edit',
      input: {
        id: String(role.id),
        name: before.name,
        description: before.description,
        type: before.type,
        level: String(before.level),
        moduleAdmin: before.moduleAdmin ? 'yes' : 'no',
        note: `undone: ${note}`.slice(0, 2_000),
      },
    },
  ],
});
