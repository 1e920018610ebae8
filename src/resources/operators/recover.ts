import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { describeRoles } from '../../domain/operator.ts';
import { defineAction } from '../../kit/define-action.ts';
import { CodeHash } from './found.ts';
import { recoverOperator } from './queries.ts';
import { OperatorId, operatorFor, operatorTarget, sessionEvidence, sessionsEnd, withSessions } from './target.ts';
import { tellOfRecovery } from './tell.ts';

/** The way back when no administrator can sign in: whoever owns the database lets one enrol anew. */
export const recoverOperatorAction = defineAction({
  id: 'operators.recover',
  title: 'Recover operator',
  past: 'recovered',
  permission: 'operator.recover',
  eyes: 1,
  danger: 'typed',
  verb: 'update',
  entity: 'operator',
  irreversible: 'the old password, one-time codes and recovery codes never work again',
  input: z.object({ id: OperatorId, codeHash: CodeHash, note: Note }),

  gather: async ({ id }, context) => withSessions(await operatorFor(id, context, () => undefined), context),
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, sessions }) => [
    `${operator.name} (${operator.displayName}), ${describeRoles(operator.roles)}, enrols anew within 24 hours`,
    ...(operator.isActive ? [] : ['is enabled again']),
    'becomes administrator where no other is left',
    sessionsEnd(sessions),
    'every other administrator is told',
    'a lock after failed sign-ins is lifted',
  ],
  evidence: ({ sessions }) => sessionEvidence(sessions),

  execute: async ({ operator }, { codeHash }, context) => {
    const { sessionsEnded, becameAdmin, wasActive } = await recoverOperator(context.db, operator.id, Buffer.from(codeHash, 'hex'));
    await tellOfRecovery(context, operator, describeRoles(operator.roles));
    return {
      summary: `recovered ${operator.name}${becameAdmin ? ', who is administrator now' : ''}`,
      old: { active: wasActive, roles: describeRoles(operator.roles), enrolled: operator.enrolled },
      new: { active: true, enrolled: false, becameAdmin, sessionsEnded },
    };
  },
});
