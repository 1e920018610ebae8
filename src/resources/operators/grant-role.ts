import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { describeRoles, operatorRoles, whyNotGrant } from '../../domain/operator.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { grantRole } from './queries.ts';
import { tellOfRights } from './tell.ts';
import { differenceLines, differenceOf, OperatorId, operatorFor, operatorTarget } from './target.ts';

/** A leap year. */
const mostHours = 8_784;

export const grantOperatorRole = defineAction({
  id: 'operators.grant-role',
  title: 'Grant role',
  past: 'granted a role to',
  permission: 'operator.grant',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'operator',
  input: z.object({
    id: OperatorId,
    role: z.enum(operatorRoles).meta({ title: 'Role' }),
    hours: z.coerce
      .number('is a number of hours')
      .int('is a whole number of hours')
      .min(1, 'is at least 1')
      .max(mostHours, `is at most ${mostHours}: leave it out for good`)
      .optional()
      .meta({ title: 'For how many hours' }),
    note: Note,
  }),

  gather: async ({ id, role }, context) => {
    const found = await operatorFor(id, context, whyNotGrant);
    if (!found.ok) return found;
    const { name, roles } = found.value;
    if (roles.some(held => held.role === role && held.expiresAt === null)) return conflict(`${name} has the role ${role} already`);
    const before = roles.map(held => held.role);
    return done({ operator: found.value, difference: await differenceOf(context, before, [...before, role]) });
  },
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, difference }, { role, hours }) => [
    `${operator.name} (${operator.displayName}) gets the role ${role} ${hours === undefined ? 'for good' : `for ${hours} h from approval on, and loses it then by itself`}`,
    `roles now: ${describeRoles(operator.roles)}`,
    ...differenceLines(difference),
    operator.email === null ? 'nobody is told: there is no address' : `${operator.name} is told`,
  ],

  execute: async ({ operator }, { role, hours }, context) => {
    const until = await grantRole(context.db, operator, { role, hours });
    const before = describeRoles(operator.roles);
    await tellOfRights(
      context,
      operator,
      before,
      describeRoles([...operator.roles.filter(held => held.role !== role), { role, expiresAt: until }]),
    );
    return {
      summary: `granted ${role} to ${operator.name}`,
      old: { roles: before },
      new: { role, until: until?.toISOString() ?? 'for good' },
    };
  },

  waysBack: ({ operator }, { role, note }) => [
    { action: 'operators.revoke-role', input: { id: String(operator.id), role, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
