import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { noteStep } from '../flows/queries.ts';
import { findStep, type StepRow } from './queries.ts';

export const whyNotSettle = ({ closed, state, flowId, title }: StepRow): string | undefined => {
  if (closed) return `walkthrough #${flowId} is closed`;
  return state === 'noted' ? `"${title}" has its note already` : undefined;
};

export const settleStep = defineAction({
  id: 'flow-steps.settle',
  title: 'Settle step',
  past: 'settled',
  permission: 'security.acknowledge',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'flow-step',
  input: z.object({
    id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Step' }),
    note: Note.meta({ title: 'What you found, or why it is left out' }),
  }),

  gather: async ({ id }, { db }) => {
    const step = await findStep(db, id);
    if (!step) return notFound(`there is no step ${id} of a walkthrough`);
    const objection = whyNotSettle(step);
    return objection === undefined ? done(step) : conflict(objection);
  },
  target: step => ({ id: String(step.id), label: `#${step.flowId} ${step.number}. ${step.title}`, version: 0 }),
  preview: step => [`${step.number}. ${step.title} (${step.subject}) is settled by your note`, 'nothing else is changed; the note stays'],

  execute: async (step, { note }, { db }) => {
    await noteStep(db, step.flowId, step.stepId, note);
    return {
      summary: `settled step ${step.number} of #${step.flowId}: ${step.title}`,
      old: { state: step.state },
      new: { state: 'noted', step: step.stepId },
    };
  },
});
