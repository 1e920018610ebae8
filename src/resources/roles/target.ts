import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findRole, type RoleRow } from './queries.ts';

/** Names the role; filled from the record, or given as a word. */
export const RoleId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Role id' });
export const RoleName = z.string().trim().min(2, 'has 2 to 80 characters').max(80, 'has 2 to 80 characters').meta({ title: 'Name' });
export const RoleDescription = z.string().trim().max(500, 'has at most 500 characters').default('').meta({ title: 'Description' });

/** The role if it exists and the rule has nothing against it. */
export const roleFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (role: RoleRow) => string | undefined = () => undefined,
): Promise<Outcome<RoleRow>> => {
  const role = await findRole(db, id);
  if (!role) return notFound(`there is no role with id ${id}`);
  const objection = whyNot(role);
  return objection === undefined ? done(role) : conflict(objection);
};

export const whyNotRetire = (role: RoleRow): string | undefined => (role.isActive ? undefined : `${role.slug} is retired already`);
export const whyNotRestore = (role: RoleRow): string | undefined => (role.isActive ? `${role.slug} is in use` : undefined);

/** How audit and confirmation name a role. */
export const roleTarget = (role: RoleRow): Target => ({ id: String(role.id), label: role.slug, version: role.version });

/** `3 people hold it`. */
export const heldBy = ({ holders }: RoleRow): string =>
  holders === 0 ? 'nobody holds it' : holders === 1 ? '1 person holds it' : `${holders} people hold it`;
