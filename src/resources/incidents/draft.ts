import { z } from 'zod';
import { audiences } from '../../domain/incident.ts';
import { draftText } from '../../domain/incident-notice.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { draftNotice, impactOf } from './queries.ts';
import { IncidentId, incidentFor, incidentTarget } from './target.ts';

export const draftIncidentNotice = defineAction({
  id: 'incidents.draft-notice',
  title: 'Draft a notice',
  past: 'drafted for',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'incident',
  input: z.object({ id: IncidentId, audience: z.enum(audiences), note: Note }),

  gather: async ({ id, audience }, context) => {
    const incident = await incidentFor(id, context, () => undefined);
    if (!incident.ok) return incident;
    const { accounts, frozen, customers } = await impactOf(context.db, id);
    return done({
      incident: incident.value,
      text: draftText(audience, { ...incident.value, accounts, frozen, customers }).slice(0, 1_200),
    });
  },
  target: ({ incident }) => incidentTarget(incident),
  preview: ({ text }, { audience }) => [
    `a draft for ${audience}: ${text}`,
    'nothing is sent by this; it can be edited, sent or thrown away in the pane incident-notices',
    ...(audience === 'customers' ? ['sending it takes two people'] : []),
  ],

  execute: async ({ incident, text }, { audience }, { db }) => {
    const draft = await draftNotice(db, incident.id, audience, text);
    return { summary: `drafted notice ${draft} for ${audience} on incident ${incident.id}`, new: { draft: String(draft), audience, text } };
  },
});
