import { z } from 'zod';
import { hashRecoveryCode, newCode } from '../../domain/recovery-code.ts';
import { Note } from '../../domain/note.ts';
import { DisplayName, OperatorEmail, OperatorName, RoleList } from '../../domain/operator.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { insertOperator, isNameTaken } from './queries.ts';
import { codeGoesTo, differenceLines, differenceOf, isNew } from './target.ts';
import { tellOfNewOperator, tellOperator } from './tell.ts';

/** Nobody types a password for somebody else: the new operator chooses it with a code that goes to their own address. */
export const createOperator = defineAction({
  id: 'operators.create',
  title: 'Create operator',
  past: 'created',
  permission: 'operator.create',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'create',
  entity: 'operator',
  input: z.object({ name: OperatorName, displayName: DisplayName, email: OperatorEmail, roles: RoleList, note: Note }),

  gather: async ({ name, roles }, context) => {
    if (await isNameTaken(context.db, name)) return conflict(`the name ${name} is taken`, 'names are never given twice: take another');
    return done(await differenceOf(context, [], roles));
  },
  target: (_facts, { name }) => isNew(name),

  preview: (difference, { name, displayName, email, roles }) => [
    `${name} (${displayName}) becomes an operator of this console: ${roles.join(', ')}`,
    ...differenceLines(difference),
    codeGoesTo(name, email),
    `${name} never decides requests of whoever asks for this`,
    'every administrator is told',
  ],

  execute: async (_facts, { name, displayName, email, roles }, context) => {
    const code = newCode();
    const id = await insertOperator(context.db, { name, displayName, email, roles, codeHash: hashRecoveryCode(code) });
    await tellOperator(context, { id, name, address: email, code });
    await tellOfNewOperator(context, { id, name, roles });
    return {
      summary: `created ${name}`,
      target: { id: String(id), label: name, version: 0 },
      new: { name, displayName, email, roles: roles.join(', ') },
    };
  },

  waysBack: (_facts, { note }, { target }) =>
    target ? [{ action: 'operators.disable', input: { id: target.id, note: `created in error: ${note}`.slice(0, 2_000) } }] : [],
});
