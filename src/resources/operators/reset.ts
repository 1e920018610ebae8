import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { whyNotReset } from '../../domain/operator.ts';
import { hashRecoveryCode, newCode } from '../../domain/recovery-code.ts';
import { defineAction } from '../../kit/define-action.ts';
import { resetOperator } from './queries.ts';
import { codeGoesTo, OperatorId, operatorFor, operatorTarget, sessionEvidence, sessionsEnd, withSessions } from './target.ts';
import { tellOperator } from './tell.ts';

export const resetOperatorCredentials = defineAction({
  id: 'operators.reset',
  title: 'Reset operator',
  past: 'reset',
  permission: 'operator.reset',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'operator',
  irreversible: 'the old password, one-time codes and recovery codes never work again',
  input: z.object({ id: OperatorId, note: Note }),

  gather: async ({ id }, context) => withSessions(await operatorFor(id, context, whyNotReset), context),
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, sessions }) => [
    `${operator.name} (${operator.displayName}) signs in anew: password, one-time codes and recovery codes are taken away`,
    sessionsEnd(sessions),
    codeGoesTo(operator.name, operator.email ?? '-'),
    ...(operator.lockedUntil ? ['a lock after failed sign-ins is lifted'] : []),
  ],
  evidence: ({ sessions }) => sessionEvidence(sessions),

  execute: async ({ operator }, _input, context) => {
    const code = newCode();
    const sessionsEnded = await resetOperator(context.db, operator, hashRecoveryCode(code));
    await tellOperator(context, { id: operator.id, name: operator.name, address: operator.email ?? '', code });
    return {
      summary: `reset ${operator.name}`,
      old: { enrolled: operator.enrolled },
      new: { enrolled: false, sessionsEnded, codeSentTo: operator.email },
    };
  },
});
