import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { describeRoles, whyNotDisable } from '../../domain/operator.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setOperatorActive } from './queries.ts';
import { OperatorId, operatorFor, operatorTarget, sessionEvidence, sessionsEnd, unlessLastAdmin, withSessions } from './target.ts';

export const disableOperator = defineAction({
  id: 'operators.disable',
  title: 'Disable operator',
  past: 'disabled',
  permission: 'operator.disable',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'operator',
  input: z.object({ id: OperatorId, note: Note }),

  gather: async ({ id }, context) => withSessions(await unlessLastAdmin(await operatorFor(id, context, whyNotDisable), context), context),
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, sessions }) => [
    `${operator.name} (${operator.displayName}), ${describeRoles(operator.roles)}, can no longer sign in`,
    sessionsEnd(sessions),
    'what they asked for and nobody decided can no longer be approved',
    'enabling again takes two people',
  ],
  evidence: ({ sessions }) => sessionEvidence(sessions),

  execute: async ({ operator }, _input, { db }) => {
    const sessionsEnded = await setOperatorActive(db, operator, false);
    return { summary: `disabled ${operator.name}`, old: { active: true }, new: { active: false, sessionsEnded } };
  },

  waysBack: ({ operator }, { note }) => [
    { action: 'operators.enable', input: { id: String(operator.id), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
