import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { endSessionsOf, liveSessions } from './queries.ts';
import { sessionsEnd, sessionTable, UserId, userFor, userTarget } from './target.ts';

export const endUserSessions = defineAction({
  id: 'users.end-sessions',
  title: 'End all sessions',
  past: 'signed out',
  permission: 'user.end-sessions',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'user',
  input: z.object({ id: UserId, note: Note }),
  irreversible: 'sessions that were ended stay ended',

  gather: async ({ id }, context) => {
    const user = await userFor(id, context);
    if (!user.ok) return user;
    const sessions = await liveSessions(context.db, id);
    return sessions.length === 0 ? conflict(`${user.value.username} has no open session`) : done({ user: user.value, sessions });
  },
  target: ({ user }) => userTarget(user),
  preview: ({ user, sessions }) => [
    `${user.username} is signed out everywhere: ${sessionsEnd(sessions)}`,
    'the password stays as it is: whoever has it can sign in again; lock the user or reset the password to prevent that',
  ],
  evidence: ({ sessions }) => [{ title: 'Sessions that end', table: sessionTable(sessions) }],

  execute: async ({ user }, _input, { db }) => {
    const ended = await endSessionsOf(db, user);
    return { summary: `ended ${ended} ${ended === 1 ? 'session' : 'sessions'} of ${user.username}`, new: { sessionsEnded: ended } };
  },
});
