import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { forbidden } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { judgeRequest } from './queries.ts';
import { RequestNumber, requestFor, requestTarget, whyNotJudge } from './target.ts';

/** A second person's word on what one did alone in an incident. */
export const ratifyRequest = defineAction({
  id: 'approvals.ratify',
  title: 'Ratify or dispute',
  past: 'judged',
  permission: 'approval.ratify',
  eyes: 1,
  danger: 'plain',
  verb: 'approve',
  entity: 'approval',
  input: z.object({ id: RequestNumber, verdict: z.enum(['ratified', 'disputed']), note: Note }),

  gather: async ({ id }, context) => {
    const request = await requestFor(id, context, whyNotJudge);
    if (!request.ok || request.value.maker !== context.operator.name) return request;
    return forbidden('whoever broke the glass does not judge it', 'another manager or administrator does');
  },
  target: requestTarget,
  preview: (request, { verdict }) => [
    `${request.maker} did this alone in incident ${request.incident}: ${request.action} ${request.label}`,
    verdict === 'ratified'
      ? 'it stands, and leaves the inbox'
      : 'it is disputed: it stays done until its own way back is taken, and is on record as disputed',
  ],

  execute: async (request, { verdict, note }, { db }) => {
    await judgeRequest(db, request.id, verdict, note);
    return { summary: `${verdict} request ${request.id}`, new: { verdict } };
  },
});
