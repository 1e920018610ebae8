import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { DisplayName, OperatorEmail, OperatorName, RoleList } from '../../domain/operator.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { foundOperator, isNameTaken } from './queries.ts';
import { tellOfNewOperator } from './tell.ts';
import { differenceLines, differenceOf, isNew } from './target.ts';

/** Sha256 of the code to enrol with, in hexadecimal digits; the code itself never comes near the database. */
export const CodeHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is no hash')
  .meta({ hidden: true, title: 'Code hash' });

/** One of the first two administrators, made by whoever owns the database: nobody could approve of them yet. */
export const foundOperatorAction = defineAction({
  id: 'operators.found',
  title: 'Found operator',
  past: 'founded',
  permission: 'operator.found',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'operator',
  input: z.object({
    name: OperatorName,
    displayName: DisplayName,
    email: OperatorEmail.optional(),
    roles: RoleList.default(['admin']),
    codeHash: CodeHash,
    note: Note,
  }),

  gather: async ({ name, roles }, context) => {
    if (!roles.includes('admin')) return conflict('the first two operators are administrators', 'add admin to the roles');
    if (await isNameTaken(context.db, name))
      return conflict(`the name ${name} is taken`, `let them enrol anew: bursar operators recover ${name}`);
    return done(await differenceOf(context, [], roles));
  },
  target: (_facts, { name }) => isNew(name),
  preview: (difference, { name, displayName, roles }) => [
    `${name} (${displayName}) becomes one of the first two operators: ${roles.join(', ')}`,
    ...differenceLines(difference),
    'it has 24 hours to enrol',
  ],

  execute: async (_facts, { name, displayName, email, roles, codeHash }, context) => {
    const id = await foundOperator(context.db, { name, displayName, email, roles, codeHash: Buffer.from(codeHash, 'hex') });
    await tellOfNewOperator(context, { id, name, roles });
    return {
      summary: `founded ${name}`,
      target: { id: String(id), label: name, version: 0 },
      new: { name, displayName, email: email ?? null, roles: roles.join(', ') },
    };
  },
});
