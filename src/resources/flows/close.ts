import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { closeFlow, findFlow, stepsOf, type FlowRow } from './queries.ts';

export const whyNotClose = ({ id, closedBy }: FlowRow): string | undefined =>
  closedBy === null ? undefined : `#${id} was closed by ${closedBy}`;

export const closeWalkThrough = defineAction({
  id: 'flows.close',
  title: 'Close walkthrough',
  past: 'closed',
  permission: 'security.acknowledge',
  eyes: 1,
  danger: 'plain',
  irreversible: 'its steps stay as they are then; another one can be begun',
  verb: 'update',
  entity: 'flow',
  input: z.object({
    id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Walkthrough' }),
    findings: Note.meta({ title: 'Findings' }),
  }),

  gather: async ({ id }, { db }) => {
    const flow = await findFlow(db, id);
    if (!flow) return notFound(`there is no walkthrough ${id}`);
    const objection = whyNotClose(flow);
    return objection === undefined ? done({ flow, steps: await stepsOf(db, flow) }) : conflict(objection);
  },
  target: ({ flow }) => ({ id: String(flow.id), label: `#${flow.id} ${flow.subject}`, version: 0 }),
  preview: ({ steps }) => {
    const open = steps.filter(({ standing }) => standing.state === 'to do');
    return [
      open.length === 0 ? `all ${steps.length} steps are done` : `${steps.length - open.length} of ${steps.length} steps are done`,
      ...open.map(({ number, step }) => `left undone: ${number}. ${step.title}`),
    ];
  },

  execute: async ({ flow, steps }, { findings }, { db }) => {
    await closeFlow(db, flow.id, findings);
    const states = Object.fromEntries(steps.map(({ step, standing }) => [step.id, standing.state]));
    return {
      summary: `closed walkthrough #${flow.id} about ${flow.subject}`,
      old: { status: 'open' },
      new: { status: 'closed', steps: states },
    };
  },
});
