import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { forbidden } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { cancelRequest } from './queries.ts';
import { RequestNumber, requestFor, requestTarget, whyNotDecide } from './target.ts';

export const cancelApproval = defineAction({
  id: 'approvals.cancel',
  title: 'Cancel request',
  past: 'cancelled',
  permission: 'self',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'approval',
  input: z.object({ id: RequestNumber, note: Note }),

  gather: async ({ id }, context) => {
    const request = await requestFor(id, context, whyNotDecide);
    if (!request.ok || request.value.maker === context.operator.name) return request;
    return forbidden('a request is cancelled by whoever made it', 'reject it instead');
  },
  target: requestTarget,
  preview: request => [`your request ${request.id} is taken back: ${request.action} ${request.label} is not done`],

  execute: async (request, { note }, { db }) => {
    await cancelRequest(db, request.id, note);
    return { summary: `cancelled request ${request.id}`, old: { status: 'pending' }, new: { status: 'cancelled' } };
  },
});
