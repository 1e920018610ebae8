import { z } from 'zod';
import { countOf } from '../../domain/incident.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { impactOf, preserve } from './queries.ts';
import { IncidentId, incidentFor, incidentTarget } from './target.ts';

/** A month, in hours. */
const longest = 720;

export const preserveEvidence = defineAction({
  id: 'incidents.preserve',
  title: 'Preserve the evidence',
  past: 'preserved for',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  irreversible: 'evidence that was preserved is never changed or deleted',
  verb: 'create',
  entity: 'incident',
  input: z.object({
    id: IncidentId,
    hours: z.coerce
      .number('is a number of hours')
      .int('is a whole number of hours')
      .min(1, 'is at least 1')
      .max(longest, `is at most ${longest}`)
      .default(24)
      .meta({ title: 'Hours before its declaration' }),
    note: Note,
  }),

  gather: async ({ id }, context) => {
    const incident = await incidentFor(id, context, () => undefined);
    return incident.ok ? done({ incident: incident.value, impact: await impactOf(context.db, id) }) : incident;
  },
  target: ({ incident }) => incidentTarget(incident),
  preview: ({ incident, impact }, { hours }) => [
    `${countOf(impact.accounts, 'account')} of ${countOf(impact.customers, 'customer')} as they are now, with transactions, refusals, holds, flags, alerts, cases, disputes, sign-ins and sessions`,
    `and, from ${hours} h before incident ${incident.id} was declared until now: security events, approvals, operators' sessions and the audit log`,
    'no more than 10,000 rows of each kind, the newest; the manifest says of how many',
    'the database seals it with SHA-256; bursar incidents export writes it out, signed',
  ],

  execute: async ({ incident }, { hours }, { db }) => {
    const { id, sha256, parts, rows, cut } = await preserve(db, incident.id, hours);
    return {
      summary: `preserved evidence ${id} of incident ${incident.id}: ${countOf(rows, 'row')} in ${parts} parts${cut.length === 0 ? '' : `, cut: ${cut.join(', ')}`}`,
      new: { evidence: String(id), sha256, parts, rows, ...(cut.length === 0 ? {} : { cut }) },
    };
  },
});
