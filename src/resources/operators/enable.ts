import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { describeRoles, whyNotEnable } from '../../domain/operator.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setOperatorActive } from './queries.ts';
import { differenceLines, differenceOf, OperatorId, operatorFor, operatorTarget } from './target.ts';

export const enableOperator = defineAction({
  id: 'operators.enable',
  title: 'Enable operator',
  past: 'enabled',
  permission: 'operator.enable',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'operator',
  input: z.object({ id: OperatorId, note: Note }),

  gather: async ({ id }, context) => {
    const found = await operatorFor(id, context, whyNotEnable);
    if (!found.ok) return found;
    const roles = found.value.roles.map(({ role }) => role);
    return done({ operator: found.value, difference: await differenceOf(context, [], roles) });
  },
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, difference }) => [
    operator.enrolled
      ? `${operator.name} (${operator.displayName}) can sign in again, with the password and codes they had`
      : `${operator.name} (${operator.displayName}) is active again, and must be reset to get a code to enrol with`,
    `roles: ${describeRoles(operator.roles)}`,
    ...differenceLines(difference),
  ],

  execute: async ({ operator }, _input, { db }) => {
    await setOperatorActive(db, operator, true);
    return { summary: `enabled ${operator.name}`, old: { active: false }, new: { active: true } };
  },

  waysBack: ({ operator }, { note }) => [
    { action: 'operators.disable', input: { id: String(operator.id), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
