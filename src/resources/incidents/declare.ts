import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { incidentKinds, openIncident } from './queries.ts';

export const declareIncident = defineAction({
  id: 'incidents.declare',
  title: 'Declare an incident',
  past: 'declared',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'incident',
  input: z.object({
    level: z.enum(['1', '2', '3']).meta({ title: 'Level (3 is the gravest)' }),
    kind: z.enum(incidentKinds).default('security'),
    title: z.string().trim().min(10, 'takes at least 10 characters').max(200, 'takes at most 200 characters'),
    note: Note,
  }),

  gather: async () => done({}),
  target: (_facts, { title }) => ({ id: '-', label: title, version: 0 }),
  preview: (_facts, { level, kind, title }) => [
    `${kind} incident of level ${level}: ${title}`,
    'until it is resolved: write windows are renewed by one key, more than 20 accounts can be frozen at once, and the glass can be broken',
    'every console shows it in its banner',
  ],

  execute: async (_facts, { level, kind, title }, { db }) => {
    const id = await openIncident(db, { level: Number(level), kind, title });
    return {
      summary: `declared incident ${id}`,
      target: { id: String(id), label: title, version: 0 },
      new: { level: Number(level), kind, title },
    };
  },
});
