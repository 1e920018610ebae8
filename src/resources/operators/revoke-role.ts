import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { describeRoles, operatorRoles, whyNotRevoke } from '../../domain/operator.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { openSessions, revokeRole } from './queries.ts';
import {
  differenceLines,
  differenceOf,
  OperatorId,
  operatorFor,
  operatorTarget,
  sessionEvidence,
  sessionsEnd,
  unlessLastAdmin,
} from './target.ts';
import { tellOfRights } from './tell.ts';

export const revokeOperatorRole = defineAction({
  id: 'operators.revoke-role',
  title: 'Revoke role',
  past: 'revoked a role of',
  permission: 'operator.grant',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'operator',
  input: z.object({ id: OperatorId, role: z.enum(operatorRoles).meta({ title: 'Role' }), note: Note }),

  gather: async ({ id, role }, context) => {
    const any = await operatorFor(id, context, whyNotRevoke);
    const found = role === 'admin' ? await unlessLastAdmin(any, context) : any;
    if (!found.ok) return found;
    const { name, roles } = found.value;
    if (!roles.some(held => held.role === role)) return conflict(`${name} has no role ${role}`, `there is ${describeRoles(roles)}`);
    const before = roles.map(held => held.role);
    const [difference, sessions] = await Promise.all([
      differenceOf(
        context,
        before,
        before.filter(held => held !== role),
      ),
      openSessions(context.db, id),
    ]);
    return done({ operator: found.value, difference, sessions });
  },
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, difference, sessions }, { role }) => [
    `${operator.name} (${operator.displayName}) loses the role ${role}`,
    ...(difference.removed.length === 0 ? ['takes no permission: other roles have the same'] : differenceLines(difference).slice(1)),
    sessionsEnd(sessions),
    operator.email === null ? 'nobody is told: there is no address' : `${operator.name} is told`,
  ],
  evidence: ({ sessions }) => sessionEvidence(sessions),

  execute: async ({ operator }, { role }, context) => {
    const sessionsEnded = await revokeRole(context.db, operator, role);
    await tellOfRights(context, operator, describeRoles(operator.roles), describeRoles(operator.roles.filter(held => held.role !== role)));
    return {
      summary: `revoked ${role} of ${operator.name}`,
      old: { roles: describeRoles(operator.roles) },
      new: { revoked: role, sessionsEnded },
    };
  },

  waysBack: ({ operator }, { role, note }) => [
    { action: 'operators.grant-role', input: { id: String(operator.id), role, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
