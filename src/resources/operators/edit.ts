import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { DisplayName, OperatorEmail, whyNotEdit } from '../../domain/operator.ts';
import { conflict } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { editOperator } from './queries.ts';
import { tellOldAddress } from './tell.ts';
import { OperatorId, operatorFor, operatorTarget } from './target.ts';

export const changeOperator = defineAction({
  id: 'operators.edit',
  title: 'Edit operator',
  past: 'edited',
  permission: 'operator.edit',
  eyes: 2,
  checker: 'access.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'operator',
  input: z.object({ id: OperatorId, displayName: DisplayName, email: OperatorEmail, note: Note }),

  gather: async ({ id, displayName, email }, context) => {
    const found = await operatorFor(id, context, whyNotEdit);
    if (!found.ok || found.value.displayName !== displayName || found.value.email !== email) return found;
    return conflict('nothing would change');
  },
  target: operatorTarget,

  preview: (operator, { displayName, email }) => [
    ...(operator.displayName === displayName ? [] : [`${operator.name}: display name ${operator.displayName} becomes ${displayName}`]),
    ...(operator.email === email
      ? []
      : [
          `${operator.name}: e-mail ${operator.email ?? 'none'} becomes ${email}`,
          `a code to enrol anew would go to ${email} from now on`,
          operator.email === null ? 'there is no old address that could be told' : `${operator.email} is told`,
        ]),
  ],

  execute: async (operator, { displayName, email }, context) => {
    if (operator.email !== email) await tellOldAddress(context, operator);
    await editOperator(context.db, operator, { displayName, email });
    return {
      summary: `edited ${operator.name}`,
      old: { displayName: operator.displayName, email: operator.email },
      new: { displayName, email },
    };
  },
});
