import { z } from 'zod';
import { countOf } from '../../domain/incident.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { assignTo, setLevel } from './queries.ts';
import { IncidentId, incidentFor, incidentTarget, whyOver } from './target.ts';

export const setIncidentLevel = defineAction({
  id: 'incidents.set-level',
  title: 'Raise or lower its level',
  past: 'changed the level of',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'incident',
  input: z.object({ id: IncidentId, level: z.enum(['1', '2', '3']).meta({ title: 'Level (3 is the gravest)' }), note: Note }),

  gather: async ({ id, level }, context) => {
    const incident = await incidentFor(id, context, whyOver);
    if (incident.ok && incident.value.level === Number(level)) return conflict(`incident ${id} is of level ${level} already`);
    return incident;
  },
  target: incidentTarget,
  preview: (incident, { level }) => [
    `incident ${incident.id} goes from level ${incident.level} to level ${level}`,
    'what the new level asks for comes onto the checklist, due from now; nothing leaves it, but what is needless can be skipped',
  ],

  execute: async (incident, { level }, { db }) => {
    const added = await setLevel(db, incident, Number(level));
    return {
      summary: `incident ${incident.id} is of level ${level} now, ${countOf(added, 'more step')}`,
      old: { level: incident.level },
      new: { level: Number(level), steps: added },
    };
  },
  waysBack: (incident, { note }) => [
    {
      action: 'incidents.set-level',
      input: { id: String(incident.id), level: String(incident.level), note: `undone: ${note}`.slice(0, 2_000) },
    },
  ],
});

export const assignIncident = defineAction({
  id: 'incidents.assign',
  title: 'Hand over the lead',
  past: 'handed over',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'incident',
  input: z.object({ id: IncidentId, lead: z.string().trim().min(1, 'is missing').max(63).meta({ title: 'Led by' }), note: Note }),

  gather: async ({ id, lead }, context) => {
    const incident = await incidentFor(id, context, whyOver);
    if (incident.ok && incident.value.commander === lead) return conflict(`${lead} leads incident ${id} already`);
    return incident.ok ? done(incident.value) : incident;
  },
  target: incidentTarget,
  preview: (incident, { lead }) => [
    `${lead} leads incident ${incident.id} (${incident.title}) from now on, and no longer ${incident.commander}`,
  ],

  execute: async (incident, { lead }, { db }) => {
    await assignTo(db, incident, lead);
    return { summary: `${lead} leads incident ${incident.id}`, old: { lead: incident.commander }, new: { lead } };
  },
  waysBack: (incident, { note }) => [
    { action: 'incidents.assign', input: { id: String(incident.id), lead: incident.commander, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
