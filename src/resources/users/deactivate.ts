import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { fullName, whyNotDeactivate } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { accountsOf, liveSessions, setUserActive } from './queries.ts';
import { sessionsEnd, sessionTable, unlessLastAdmin, UserId, userFor, userTarget } from './target.ts';

export const deactivateUser = defineAction({
  id: 'users.deactivate',
  title: 'Deactivate user',
  past: 'deactivated',
  permission: 'user.deactivate',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'user',
  input: z.object({ id: UserId, note: Note }),

  gather: async ({ id }, context) => {
    const user = await unlessLastAdmin(await userFor(id, context, whyNotDeactivate), context);
    if (!user.ok) return user;
    const [sessions, accounts] = await Promise.all([liveSessions(context.db, id), accountsOf(context.db, id)]);
    return done({ user: user.value, sessions, open: accounts.filter(({ status }) => status === 'active' || status === 'frozen') });
  },
  target: ({ user }) => userTarget(user),

  preview: ({ user, sessions, open }) => [
    `${user.username} (${fullName(user)}), ${user.role}, can no longer sign in`,
    sessionsEnd(sessions),
    open.length === 0 ? 'no account is open' : `stays owner of ${open.map(({ number }) => number).join(', ')}`,
    'activating again takes two people',
  ],
  evidence: ({ sessions }) => (sessions.length === 0 ? [] : [{ title: 'Sessions that end', table: sessionTable(sessions) }]),

  execute: async ({ user, sessions }, _input, { db }) => {
    await setUserActive(db, user, false);
    return {
      summary: `deactivated ${user.username}`,
      old: { status: user.status },
      new: { status: 'deactivated', sessionsEnded: sessions.length },
    };
  },

  waysBack: ({ user }, { note }) => [{ action: 'users.activate', input: { id: String(user.id), note: `undone: ${note}`.slice(0, 2_000) } }],
});
