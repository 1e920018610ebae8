import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { RoleSlug, Tenant, Until } from '../../domain/platform-role.ts';
import { giftDoubts, giftLines, giftTakenBack } from '../../domain/role-gift.ts';
import { Username } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { giftOf, type Gift } from '../roles/queries.ts';
import { userNamed, type UserRow } from '../users/queries.ts';
import { giveRole } from './queries.ts';

type Facts = { readonly user: UserRow; readonly gift: Gift };

export const grantToUser = defineAction({
  id: 'grants.grant',
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
  input: z.object({ username: Username, role: RoleSlug, tenant: Tenant, until: Until, note: Note }),

  gather: async ({ username, role, tenant }, { db }) => {
    const user = await userNamed(db, username);
    if (!user) return notFound(`there is no user ${username}`, 'look for them with: bursar users list');
    if (user.status === 'deactivated') return conflict(`${username} is deactivated`);
    const gift = await giftOf(db, user, role, tenant ?? '');
    return gift.ok ? done({ user, gift: gift.value }) : gift;
  },
  target: ({ user }) => ({ id: String(user.id), label: user.username, version: user.version }),
  preview: ({ gift }, input) => giftLines(gift, input),
  doubts: ({ gift }) => giftDoubts(gift),

  execute: ({ user, gift }, terms, { db }) => giveRole(db, user, gift, terms),
  waysBack: (_facts, { note }, { new: made }) => giftTakenBack(made?.['grant'], note),
});
