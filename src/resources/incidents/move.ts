import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { findIncident, moveIncident, type IncidentRow } from './queries.ts';

/** Why an incident is not where the step begins. */
export const whyNotFrom =
  (from: IncidentRow['status']) =>
  (incident: IncidentRow): string | undefined =>
    incident.status === from ? undefined : `incident ${incident.id} is ${incident.status}, not ${from}`;

type Step = {
  readonly id: string;
  readonly title: string;
  readonly from: IncidentRow['status'];
  readonly to: IncidentRow['status'];
  readonly means: string;
};

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
    input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Incident' }), note: Note }),

    gather: async ({ id: wanted }, { db }) => {
      const incident = await findIncident(db, wanted);
      if (!incident) return notFound(`there is no incident ${wanted}`);
      const objection = whyNotFrom(from)(incident);
      return objection === undefined ? done(incident) : conflict(objection);
    },
    target: incident => ({ id: String(incident.id), label: incident.title, version: incident.version }),
    preview: incident => [`incident ${incident.id} (${incident.title}) goes from ${from} to ${to}`, means],

    execute: async (incident, _input, { db }) => {
      await moveIncident(db, incident, to);
      return { summary: `incident ${incident.id} is ${to}`, old: { status: from }, new: { status: to } };
    },
  });

export const containIncident = step({
  id: 'incidents.contain', title: 'Contain incident', from: 'open', to: 'contained', means: 'the glass can no longer be broken; windows are still renewed by one key',
}); // prettier-ignore
export const resolveIncident = step({
  id: 'incidents.resolve', title: 'Resolve incident', from: 'contained', to: 'resolved', means: 'everything goes its usual way again',
}); // prettier-ignore
export const reviewIncident = step({
  id: 'incidents.review', title: 'Close its review', from: 'resolved', to: 'reviewed', means: 'the incident is done with',
}); // prettier-ignore
