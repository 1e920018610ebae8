import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { endOperatorSession } from './queries.ts';
import { SessionId, sessionFor, sessionTarget, whereFrom, whyNotEndOperator } from './target.ts';

export const endSessionOfOperator = defineAction({
  id: 'sessions.end-operator',
  title: 'End session of operator',
  past: 'ended the session of',
  permission: 'operator.end-session',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'session',
  input: z.object({ id: SessionId, note: Note }),
  irreversible: 'a session that was ended stays ended',

  gather: ({ id }, context) => sessionFor(id, context, whyNotEndOperator),
  target: sessionTarget,
  preview: session => [
    `operator ${session.who} is signed out of ${whereFrom(session)}`,
    'whatever that session writes next is refused; what it is reading stops at the next refresh',
    'the operator can sign in again; disable the operator to prevent that',
  ],

  execute: async (session, _input, { db }) => {
    await endOperatorSession(db, session);
    return {
      summary: `ended a session of operator ${session.who}`,
      old: { state: session.state },
      new: { state: 'ended', operator: session.who },
    };
  },
});
