import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { fullName, whyNotLock } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { liveSessions, setUserLocked } from './queries.ts';
import { sessionsEnd, sessionTable, unlessLastAdmin, UserId, userFor, userTarget } from './target.ts';

export const lockUser = defineAction({
  id: 'users.lock',
  title: 'Lock user',
  past: 'locked',
  permission: 'user.lock',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'user',
  input: z.object({ id: UserId, note: Note }),

  gather: async ({ id }, context) => {
    const user = await unlessLastAdmin(await userFor(id, context, whyNotLock), context);
    return user.ok ? done({ user: user.value, sessions: await liveSessions(context.db, id) }) : user;
  },
  target: ({ user }) => userTarget(user),

  preview: ({ user, sessions }) => [
    `${user.username} (${fullName(user)}) can no longer sign in`,
    sessionsEnd(sessions),
    'accounts stay as they are: freeze them to stop their postings',
  ],
  evidence: ({ sessions }) => (sessions.length === 0 ? [] : [{ title: 'Sessions that end', table: sessionTable(sessions) }]),

  execute: async ({ user, sessions }, _input, { db }) => {
    await setUserLocked(db, user, true);
    return { summary: `locked ${user.username}`, old: { status: user.status }, new: { status: 'locked', sessionsEnded: sessions.length } };
  },

  waysBack: ({ user }, { note }) => [{ action: 'users.unlock', input: { id: String(user.id), note: `undone: ${note}`.slice(0, 2_000) } }],
});
