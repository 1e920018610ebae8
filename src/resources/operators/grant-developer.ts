import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { whyNotGrantDeveloper } from '../../domain/operator.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { adminNames, currentIncident, grantRole } from './queries.ts';
import { differenceLines, differenceOf, OperatorId, operatorFor, operatorTarget } from './target.ts';
import { tellOfDeveloper } from './tell.ts';

const mostHours = 24;

export const grantDeveloper = defineAction({
  id: 'operators.grant-developer',
  title: 'Lend developer role',
  past: 'lent the developer role to',
  permission: 'developer.grant',
  eyes: 2,
  checker: 'approval.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'operator',
  input: z.object({
    id: OperatorId,
    hours: z.coerce
      .number('is a number of hours')
      .int('is a whole number of hours')
      .min(1, 'is at least 1')
      .max(mostHours, `is at most ${mostHours}`)
      .default(mostHours)
      .meta({ title: 'For how many hours' }),
    note: Note,
  }),

  gather: async ({ id }, context) => {
    const found = await operatorFor(id, context, whyNotGrantDeveloper);
    if (!found.ok) return found;
    const [incident, told, difference] = await Promise.all([
      currentIncident(context.db),
      adminNames(context.db),
      differenceOf(
        context,
        found.value.roles.map(({ role }) => role),
        [...found.value.roles.map(({ role }) => role), 'developer'],
      ),
    ]);
    if (!incident)
      return conflict('the developer role is lent for an incident, and none is open', 'declare one first: bursar incidents declare');
    return done({ operator: found.value, incident, told, difference });
  },
  target: ({ operator }) => operatorTarget(operator),

  preview: ({ operator, incident, told, difference }, { hours }) => [
    `${operator.name} (${operator.displayName}) is developer for ${hours} h from approval on, in incident #${incident.id} ${incident.title}`,
    ...differenceLines(difference),
    `every administrator is told: ${told.join(', ')}`,
    'a banner shows it on every screen until it ends; what was done under it is listed in the pane developer-grants',
    'one person is enough to end it earlier',
  ],

  execute: async ({ operator, incident }, { hours }, context) => {
    const until = await grantRole(context.db, operator, { role: 'developer', hours, incident: incident.id });
    if (!until) throw new Error('the developer role was granted for good');
    await tellOfDeveloper(context, { id: operator.id, name: operator.name, incident: `#${incident.id} ${incident.title}`, expires: until });
    return {
      summary: `${operator.name} is developer until ${formatInstant(until)}`,
      new: { role: 'developer', until: until.toISOString(), incident: String(incident.id) },
    };
  },

  waysBack: ({ operator }, { note }) => [
    { action: 'operators.end-developer', input: { id: String(operator.id), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
