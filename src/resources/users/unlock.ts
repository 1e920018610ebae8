import { z } from 'zod';
import { formatShortInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { fullName, whyNotUnlock } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { authEvents, setUserLocked } from './queries.ts';
import { UserId, userFor, userTarget } from './target.ts';

export const unlockUser = defineAction({
  id: 'users.unlock',
  title: 'Unlock user',
  past: 'unlocked',
  permission: 'user.unlock',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'user',
  input: z.object({ id: UserId, note: Note }),

  gather: async ({ id }, context) => {
    const user = await userFor(id, context, whyNotUnlock);
    return user.ok ? done({ user: user.value, events: await authEvents(context.db, id, 10) }) : user;
  },
  target: ({ user }) => userTarget(user),

  preview: ({ user }) => [
    `${user.username} (${fullName(user)}) can sign in again, with the same password`,
    'sessions that were ended stay ended',
  ],
  evidence: ({ events }) => [
    {
      title: 'Last sign-ins',
      table: {
        columns: ['At', 'What', 'IP address', 'With'],
        rows: events.map(event => [formatShortInstant(event.at), event.type.replace('_', ' '), event.ip, event.userAgent.slice(0, 40)]),
      },
    },
  ],

  execute: async ({ user }, _input, { db }) => {
    await setUserLocked(db, user, false);
    return { summary: `unlocked ${user.username}`, old: { status: user.status }, new: { status: 'active' } };
  },

  waysBack: ({ user }, { note }) => [{ action: 'users.lock', input: { id: String(user.id), note: `undone: ${note}`.slice(0, 2_000) } }],
});
