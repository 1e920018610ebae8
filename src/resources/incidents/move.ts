import { z } from 'zod';
import type { IncidentStatus } from '../../domain/incident.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { moveIncident, type IncidentRow } from './queries.ts';
import { IncidentId, incidentFor, incidentTarget, whyNotIn } from './target.ts';

type Step = {
  readonly id: string;
  readonly title: string;
  readonly from: IncidentStatus;
  readonly to: 'contained' | 'resolved';
  readonly means: string;
};

const left = ({ steps, settled }: IncidentRow): readonly string[] =>
  settled === steps ? [] : [`${steps - settled} of ${steps} steps of its checklist are open; they stay, and can still be ticked off`];

const step = ({ id, title, from, to, means }: Step) =>
  defineAction({
    id,
    title,
    past: to,
    permission: 'incident.manage',
    eyes: 1,
    danger: 'plain',
    verb: 'update',
    entity: 'incident',
    input: z.object({ id: IncidentId, note: Note }),

    gather: ({ id: wanted }, context) => incidentFor(wanted, context, whyNotIn(from)),
    target: incidentTarget,
    preview: incident => [`incident ${incident.id} (${incident.title}) goes from ${from} to ${to}`, means, ...left(incident)],

    execute: async (incident, _input, { db }) => {
      await moveIncident(db, incident, to);
      return { summary: `incident ${incident.id} is ${to}`, old: { status: from }, new: { status: to } };
    },
  });

export const containIncident = step({
  id: 'incidents.contain', title: 'Contain incident', from: 'open', to: 'contained', means: 'the glass can no longer be broken; windows are still renewed by one key',
}); // prettier-ignore
export const resolveIncident = step({
  id: 'incidents.resolve', title: 'Resolve incident', from: 'contained', to: 'resolved', means: 'everything goes its usual way again; what it was about, and what it did, stays as it is now',
}); // prettier-ignore
