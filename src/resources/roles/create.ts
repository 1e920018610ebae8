import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { profiles, RoleLevel, RoleSlug, roleTypes } from '../../domain/platform-role.ts';
import { defineAction } from '../../kit/define-action.ts';
import { createRole as insertRole, roleNamed } from './queries.ts';
import { RoleDescription, RoleName } from './target.ts';

export const createRole = defineAction({
  id: 'roles.create',
  title: 'Create role',
  past: 'created',
  permission: 'role.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'role',
  input: z.object({
    slug: RoleSlug.meta({ title: 'Slug' }),
    name: RoleName,
    description: RoleDescription,
    profile: z.enum(profiles).meta({ title: 'Platform' }),
    type: z.enum(roleTypes).default('general'),
    level: RoleLevel,
    moduleAdmin: z.boolean().default(false).meta({ title: 'Module admin' }),
    note: Note,
  }),

  gather: async ({ slug }, { db }) =>
    (await roleNamed(db, slug)) ? conflict(`there is a role ${slug} already`, 'choose another slug') : done(undefined),
  target: (_facts, { slug }) => ({ id: '-', label: slug, version: 0 }),
  preview: (_facts, { slug, name, profile, type, level }) => [
    `${slug} (${name}) is made for ${profile}: type ${type}, level ${level} of 0 to 10`,
    'it has no permissions yet; nobody holds it',
  ],

  execute: async (_facts, { slug, name, description, profile, type, level, moduleAdmin }, { db }) => {
    const role = { slug, name, description, profile, roleType: type, level, isModuleAdmin: moduleAdmin };
    const id = await insertRole(db, role);
    return { summary: `created the role ${slug}`, target: { id: String(id), label: slug, version: 0 }, new: role };
  },

  waysBack: (_facts, { note }, { target }) =>
    target ? [{ action: 'roles.retire', input: { id: target.id, note: `created in error: ${note}`.slice(0, 2_000) } }] : [],
});
