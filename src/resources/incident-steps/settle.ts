import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import { defineAction, type Context } from '../../kit/define-action.ts';
import { findStep, settleStep, type StepRow } from './queries.ts';

/** Why a step cannot be ticked off, skipped or opened again. */
export const whyNotSettle = (step: StepRow): string | undefined => {
  if (step.reviewed) return `incident ${step.incidentId} is reviewed: its checklist stays`;
  return step.doneAt === null ? undefined : `"${step.title}" was ${step.skipped ? 'skipped' : 'done'} by ${step.doneBy ?? '-'} already`;
};
export const whyNotOpen = (step: StepRow): string | undefined => {
  if (step.reviewed) return `incident ${step.incidentId} is reviewed: its checklist stays`;
  return step.doneAt === null ? `"${step.title}" is open` : undefined;
};

type Way = {
  readonly id: string;
  readonly title: string;
  readonly past: string;
  readonly asks: string;
  readonly why: (step: StepRow) => string | undefined;
  readonly means: (step: StepRow) => string;
  /** What takes it back, if not opening it again. */
  readonly back?: string;
};

const stepFor = async (id: bigint, { db }: Context, why: Way['why']): Promise<Outcome<StepRow>> => {
  const step = await findStep(db, id);
  if (!step) return notFound(`there is no step ${id}`);
  const objection = why(step);
  return objection === undefined ? done(step) : conflict(objection);
};

const stateOf = ({ doneAt, skipped }: StepRow): string => (doneAt === null ? 'open' : skipped ? 'skipped' : 'done');

const settling = ({ id, title, past, asks, why, means, back = 'incident-steps.uncheck' }: Way) =>
  defineAction({
    id,
    title,
    past,
    permission: 'incident.manage',
    eyes: 1,
    danger: 'plain',
    verb: 'update',
    entity: 'incident-step',
    input: z.object({
      id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Step' }),
      note: Note.meta({ kind: 'note', title: asks }),
    }),

    gather: ({ id: wanted }, context) => stepFor(wanted, context, why),
    target: step => ({ id: String(step.id), label: step.title, version: step.version }),
    // Nothing that ticks: what was shown must still be so when it is done
    preview: step => [`${step.title} (incident ${step.incidentId}, due ${formatInstant(step.dueAt)} UTC)`, means(step)],

    execute: async (step, { note }, { db }) => {
      await settleStep(db, step, note);
      return {
        summary: `${past} "${step.title}"`,
        old: { state: stateOf(step) },
        new: { state: past === 'opened again' ? 'open' : past, incident: String(step.incidentId) },
      };
    },
    waysBack: (step, { note }) =>
      back === 'incident-steps.check' && step.skipped
        ? []
        : [{ action: back, input: { id: String(step.id), note: `undone: ${note}`.slice(0, 2_000) } }],
  });

export const checkStep = settling({
  id: 'incident-steps.check', title: 'Tick step off', past: 'done', asks: 'What was done, found or decided', why: whyNotSettle,
  means: step => (step.dueIn > 0 ? 'ticked off by then it is in time' : 'it is late, and stays so in the review'),
}); // prettier-ignore
export const skipStep = settling({
  id: 'incident-steps.skip', title: 'Skip this step', past: 'skipped', asks: 'Why it is not needed', why: whyNotSettle, means: () => 'the review says that it was skipped, and why',
}); // prettier-ignore
export const uncheckStep = settling({
  id: 'incident-steps.uncheck', title: 'Open step again', past: 'opened again', asks: 'Why it is not done after all', why: whyNotOpen, back: 'incident-steps.check',
  means: step => `it is due as before; that ${step.doneBy ?? '-'} had settled it stays on record`,
}); // prettier-ignore
