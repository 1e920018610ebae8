import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { whyNotEndDeveloper } from '../../domain/operator.ts';
import { defineAction } from '../../kit/define-action.ts';
import { revokeRole } from './queries.ts';
import { OperatorId, operatorFor, operatorTarget, sessionEvidence, sessionsEnd, withSessions } from './target.ts';

export const endDeveloper = defineAction({
  id: 'operators.end-developer',
  title: 'End developer role',
  past: 'ended the developer role of',
  permission: 'developer.end',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'operator',
  input: z.object({ id: OperatorId, note: Note }),

  gather: async ({ id }, context) => withSessions(await operatorFor(id, context, whyNotEndDeveloper), context),
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, sessions }) => [
    `${operator.name} (${operator.displayName}) is no longer developer`,
    sessionsEnd(sessions),
    'what was done under it stays listed in the pane developer-grants',
  ],
  evidence: ({ sessions }) => sessionEvidence(sessions),

  execute: async ({ operator }, _input, { db }) => {
    const sessionsEnded = await revokeRole(db, operator, 'developer');
    return { summary: `ended the developer role of ${operator.name}`, old: { role: 'developer' }, new: { role: null, sessionsEnded } };
  },
});
