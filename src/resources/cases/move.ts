import { z } from 'zod';
import { whyNotResume, whyNotSuspend, type CaseState } from '../../domain/case-file.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { moveCase, type CaseRow } from './queries.ts';
import { CaseId, caseInWords, caseTarget, ownCaseFor } from './target.ts';

type Step = {
  readonly id: string;
  readonly title: string;
  readonly past: string;
  readonly from: CaseState;
  readonly to: CaseState;
  readonly back: string;
  readonly means: string;
  readonly whyNot: (found: CaseRow) => string | undefined;
};

const step = ({ id, title, past, from, to, back, means, whyNot }: Step) =>
  defineAction({
    id,
    title,
    past,
    permission: 'case.work',
    eyes: 1,
    danger: 'plain',
    verb: 'update',
    entity: 'case',
    input: z.object({ id: CaseId, note: Note }),

    gather: ({ id: wanted }, context) => ownCaseFor(wanted, context, whyNot),
    target: caseTarget,
    preview: found => [caseInWords(found), means],

    execute: async (found, { note }, { db }) => {
      await moveCase(db, found, to, note);
      return { summary: `case ${found.id} is ${to}`, old: { status: from }, new: { status: to } };
    },
    waysBack: (found, { note }) => [{ action: back, input: { id: String(found.id), note: `undone: ${note}`.slice(0, 2_000) } }],
  });

export const suspendCase = step({
  id: 'cases.suspend', title: 'Suspend case', past: 'suspended', from: 'investigating', to: 'suspended', back: 'cases.resume',
  means: 'it waits, for an answer from outside for example, and stays with whoever investigates it', whyNot: whyNotSuspend,
}); // prettier-ignore
export const resumeCase = step({
  id: 'cases.resume', title: 'Resume case', past: 'resumed', from: 'suspended', to: 'investigating', back: 'cases.suspend',
  means: 'it is investigated again', whyNot: whyNotResume,
}); // prettier-ignore
