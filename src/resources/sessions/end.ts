import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { endSession } from './queries.ts';
import { SessionId, sessionFor, sessionTarget, whereFrom, whyNotEnd } from './target.ts';

export const endUserSession = defineAction({
  id: 'sessions.end',
  title: 'Force logout',
  past: 'signed out',
  permission: 'session.end',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'session',
  input: z.object({ id: SessionId, note: Note }),
  irreversible: 'a session that was ended stays ended',

  gather: ({ id }, context) => sessionFor(id, context, whyNotEnd),
  target: sessionTarget,
  preview: session => [
    `${session.who} is signed out of ${whereFrom(session)}`,
    'the password stays as it is: whoever has it can sign in again; lock the user to prevent that',
  ],

  execute: async (session, _input, { db }) => {
    await endSession(db, session);
    return {
      summary: `signed ${session.who} out of ${session.client}`,
      old: { state: session.state },
      new: { state: 'ended', user: session.who },
    };
  },
});
