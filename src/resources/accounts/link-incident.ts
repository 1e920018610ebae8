import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { findIncident, linkTo, runningIncident } from '../incidents/queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';

export const linkAccountToIncident = defineAction({
  id: 'accounts.link-incident',
  title: 'Link to an incident',
  past: 'linked',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'account',
  input: z.object({
    id: AccountId,
    incident: z.coerce.bigint('is the number of an incident').positive().optional().meta({ title: 'Incident (the running one, if empty)' }),
    note: Note,
  }),

  gather: async ({ id, incident: wanted }, context) => {
    const account = await accountFor(id, context, () => undefined);
    if (!account.ok) return account;
    const incident = wanted === undefined ? await runningIncident(context.db) : await findIncident(context.db, wanted);
    if (!incident)
      return wanted === undefined ? conflict('no incident is open', 'declare one with !') : notFound(`there is no incident ${wanted}`);
    if (incident.status === 'resolved' || incident.status === 'reviewed')
      return conflict(`incident ${incident.id} is ${incident.status} already`);
    return done({ account: account.value, incident });
  },
  target: ({ account }) => accountTarget(account),
  preview: ({ account, incident }) => [
    `${account.number} of ${account.ownerName} is affected by incident ${incident.id} (${incident.title})`,
    'nothing is done to it by this; x f on the incident freezes all that are affected',
  ],

  execute: async ({ account, incident }, _input, { db }) => {
    const linked = await linkTo(db, incident.id, [{ entity: 'account', id: String(account.id) }]);
    return {
      summary:
        linked === 0
          ? `${account.number} was linked to incident ${incident.id} already`
          : `linked ${account.number} to incident ${incident.id}`,
      new: { incident: String(incident.id), linked: linked > 0 },
    };
  },
  waysBack: ({ account, incident }, { note }) => [
    { action: 'incidents.unlink', input: { id: String(incident.id), records: account.number, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
