import { z } from 'zod';
import { countOf, incidentKinds } from '../../domain/incident.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { accountsWith, openIncident } from './queries.ts';
import { Records, recordsFor } from './target.ts';

export const declareIncident = defineAction({
  id: 'incidents.declare',
  title: 'Declare an incident',
  past: 'declared',
  version: '2',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'incident',
  input: z.object({
    level: z.enum(['1', '2', '3']).meta({ title: 'Level (3 is the gravest)' }),
    kind: z.enum(incidentKinds).default('security'),
    title: z.string().trim().min(10, 'takes at least 10 characters').max(200, 'takes at most 200 characters'),
    lead: z.string().trim().max(63).optional().meta({ title: 'Led by (you, unless said)' }),
    records: Records.optional(),
    note: Note,
  }),

  gather: async ({ records: typed }, context) => {
    const records = await recordsFor(typed, context);
    if (!records.ok) return records;
    return done({ records: records.value, accounts: await accountsWith(context.db, records.value), self: context.operator.name });
  },
  target: (_facts, { title }) => ({ id: '-', label: title, version: 0 }),
  preview: ({ records, accounts, self }, { level, kind, title, lead }) => [
    `${kind} incident of level ${level}, led by ${lead ?? self}: ${title}`,
    records.length === 0
      ? 'it begins with no record; they can be linked later'
      : `about ${countOf(records.length, 'record')}, with ${countOf(accounts.length, 'account')}`,
    'its checklist starts with the clock; what is done about it is written down by itself',
    'until it is resolved: write windows are renewed by one key, more than 20 accounts can be frozen at once, and the glass can be broken',
    'every console shows it in its banner',
  ],

  execute: async ({ records, accounts, self }, { level, kind, title, lead = self }, { db }) => {
    const id = await openIncident(db, { level: Number(level), kind, title, commander: lead, records });
    return {
      summary: `declared incident ${id}`,
      target: { id: String(id), label: title, version: 0 },
      new: { level: Number(level), kind, title, lead, ...(accounts.length === 0 ? {} : { accounts: accounts.length }) },
    };
  },
});
