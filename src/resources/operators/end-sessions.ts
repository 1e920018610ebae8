import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { whyNotEndSessions } from '../../domain/operator.ts';
import { defineAction } from '../../kit/define-action.ts';
import { endSessions } from './queries.ts';
import { OperatorId, operatorFor, operatorTarget, sessionEvidence, sessionsEnd, withSessions } from './target.ts';

export const endOperatorSessions = defineAction({
  id: 'operators.end-sessions',
  title: 'End sessions',
  past: 'ended the sessions of',
  permission: 'operator.end-sessions',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'operator',
  irreversible: 'what is not saved on their screens is lost; they can sign in again',
  input: z.object({ id: OperatorId, note: Note }),

  gather: async ({ id }, context) => withSessions(await operatorFor(id, context, whyNotEndSessions), context),
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, sessions }) => [`${operator.name} (${operator.displayName}) is signed out everywhere`, sessionsEnd(sessions)],
  evidence: ({ sessions }) => sessionEvidence(sessions),

  execute: async ({ operator }, _input, { db }) => {
    const sessionsEnded = await endSessions(db, operator.id);
    return { summary: `ended ${sessionsEnded} sessions of ${operator.name}`, new: { sessionsEnded } };
  },
});
