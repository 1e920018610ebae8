import { z } from 'zod';
import { flowIds, flowNamed } from '../../domain/flow.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { beginFlow, openFlowOf, standingNamed } from './queries.ts';

export const beginWalkThrough = defineAction({
  id: 'flows.begin',
  title: 'Begin walkthrough',
  past: 'began',
  permission: 'security.acknowledge',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'flow',
  input: z.object({
    flow: z.enum(flowIds).default('unauthorised-access').meta({ title: 'Walkthrough' }),
    about: z.string().trim().min(1, 'is missing').max(100, 'has at most 100 characters').meta({ title: 'About (name)' }),
    event: z.coerce.bigint().positive().optional().meta({ hidden: true, title: 'Security event' }),
    note: Note,
  }),

  gather: async ({ flow, about }, { db }) => {
    const walk = flowNamed(flow);
    if (!walk) return notFound(`there is no walkthrough ${flow}`);
    const standing = await standingNamed(db, walk.about, about);
    if (!standing) return notFound(`no ${walk.about} is called ${about}`, `this walkthrough is about one ${walk.about}`);
    const open = await openFlowOf(db, flow, standing);
    return open === undefined
      ? done({ walk, standing })
      : conflict(`#${open} is open about ${standing.name} already`, `go on with it: :flow-steps flow=${open}`);
  },
  target: ({ standing }) => ({ id: '-', label: standing.name, version: 0 }),
  preview: ({ walk, standing }) => [
    `${walk.title} about ${standing.name}: ${walk.steps.length} steps`,
    ...walk.steps.map(({ title }, index) => `${index + 1}. ${title}`),
    'nothing is changed by beginning; what is done from now on ticks its step, whoever does it',
  ],

  execute: async ({ walk, standing }, { event }, { db }) => {
    const id = await beginFlow(db, { id: walk.id, kind: walk.about, subject: standing.id, event });
    return {
      summary: `began walkthrough #${id} about ${standing.name}: Enter leads to its steps`,
      target: { id: String(id), label: `#${id} ${standing.name}`, version: 0 },
      new: { flow: walk.id, about: standing.name, event: event === undefined ? null : String(event) },
    };
  },
});
