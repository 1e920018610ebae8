import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { fullName, whyNotActivate } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setUserActive } from './queries.ts';
import { UserId, userFor, userTarget } from './target.ts';

export const activateUser = defineAction({
  id: 'users.activate',
  title: 'Activate user',
  past: 'activated',
  permission: 'user.activate',
  eyes: 1,
  // Somebody who was put out comes back only when two agree
  eyesFor: user => (user.status === 'deactivated' ? 2 : 1),
  checker: 'access.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'user',
  input: z.object({ id: UserId, note: Note }),

  gather: ({ id }, context) => userFor(id, context, whyNotActivate),
  target: userTarget,

  preview: user => [
    `${user.username} (${fullName(user)}) can sign in as ${user.role}`,
    user.status === 'deactivated' ? 'was deactivated; sessions that were ended stay ended' : 'was invited and has not signed in yet',
    ...(user.emailVerifiedAt ? [] : [`the e-mail address ${user.email} is not verified`]),
  ],

  execute: async (user, _input, { db }) => {
    await setUserActive(db, user, true);
    return { summary: `activated ${user.username}`, old: { status: user.status }, new: { status: 'active' } };
  },

  waysBack: (user, { note }) => [{ action: 'users.deactivate', input: { id: String(user.id), note: `undone: ${note}`.slice(0, 2_000) } }],
});
