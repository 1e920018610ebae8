import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { closeReviewOf } from './queries.ts';
import { IncidentId, incidentFor, incidentTarget, whyNotIn } from './target.ts';

const longest = 2_000;
const Lesson = z
  .string()
  .trim()
  .max(longest, { error: () => `takes at most ${longest.toLocaleString('en')} characters` });
const Cause = Lesson.min(20, 'takes at least 20 characters, so that somebody can learn from it');

export const reviewIncident = defineAction({
  id: 'incidents.review',
  title: 'Close its review',
  past: 'reviewed',
  version: '2',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  irreversible: 'a reviewed incident is not opened again, and nothing of it changes any more',
  verb: 'update',
  entity: 'incident',
  input: z.object({
    id: IncidentId,
    rootCause: Cause.meta({ title: 'Root cause' }),
    prevention: Cause.meta({ title: 'What prevents it from now on' }),
    wentWell: Lesson.default('').meta({ title: 'What went well' }),
    wentBadly: Lesson.default('').meta({ title: 'What went badly' }),
    note: Note,
  }),

  gather: ({ id }, context) => incidentFor(id, context, whyNotIn('resolved')),
  target: incidentTarget,
  preview: (incident, { rootCause, prevention }) => [
    `incident ${incident.id} (${incident.title}) is reviewed and done with`,
    `root cause: ${rootCause}`,
    `prevention: ${prevention}`,
    ...(incident.settled === incident.steps
      ? []
      : [`${incident.steps - incident.settled} of ${incident.steps} steps were not done; the report says so`]),
    'the hash of the whole goes into the audit log; bursar incidents report writes it out, signed',
  ],

  execute: async (incident, { rootCause, prevention, wentWell, wentBadly }, { db }) => {
    const result = await closeReviewOf(db, incident, { rootCause, prevention, wentWell, wentBadly });
    return {
      summary: `incident ${incident.id} is reviewed, result ${result.slice(0, 16)}`,
      old: { status: 'resolved' },
      new: { status: 'reviewed', rootCause, prevention, result },
    };
  },
});
