import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { RoleSlug, Tenant, Until } from '../../domain/platform-role.ts';
import { giftDoubts, giftLines, giftTakenBack } from '../../domain/role-gift.ts';
import { defineAction } from '../../kit/define-action.ts';
import { giveRole } from '../grants/queries.ts';
import { giftOf, type Gift } from '../roles/queries.ts';
import type { UserRow } from './queries.ts';
import { UserId, userFor, userTarget, whyNotGrantRole } from './target.ts';

type Facts = { readonly user: UserRow; readonly gift: Gift };

/** The same as grants.grant, for users that are marked. */
export const grantRoleToUser = defineAction({
  id: 'users.grant-role',
  title: 'Grant role',
  past: 'granted a role to',
  permission: 'grant.edit',
  eyes: 1,
  eyesFor: ({ gift }: Facts) => (gift.role.isPowerful ? 2 : 1),
  checker: 'access.decide',
  danger: 'plain',
  code: true,
  verb: 'create',
  entity: 'user',
  input: z.object({ id: UserId, role: RoleSlug, tenant: Tenant, until: Until, note: Note }),

  gather: async ({ id, role, tenant }, context) => {
    const user = await userFor(id, context, whyNotGrantRole);
    if (!user.ok) return user;
    const gift = await giftOf(context.db, user.value, role, tenant ?? '');
    return gift.ok ? done({ user: user.value, gift: gift.value }) : gift;
  },
  target: ({ user }) => userTarget(user),
  preview: ({ gift }, input) => giftLines(gift, input),
  doubts: ({ gift }) => giftDoubts(gift),

  execute: ({ user, gift }, terms, { db }) => giveRole(db, user, gift, terms),
  waysBack: (_facts, { note }, { new: made }) => giftTakenBack(made?.['grant'], note),
});
