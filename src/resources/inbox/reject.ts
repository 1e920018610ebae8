import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { rejectRequest } from './queries.ts';
import { RequestNumber, requestTarget, requestToCheck } from './target.ts';

export const rejectApproval = defineAction({
  id: 'approvals.reject',
  title: 'Reject request',
  past: 'rejected',
  permission: 'self',
  eyes: 1,
  danger: 'plain',
  verb: 'reject',
  entity: 'approval',
  input: z.object({ id: RequestNumber, note: Note }),

  gather: ({ id }, context) => requestToCheck(id, context),
  target: requestTarget,
  preview: request => [
    `request ${request.id} of ${request.maker} is rejected: ${request.action} ${request.label} is not done`,
    'it can be asked for anew',
  ],

  execute: async (request, { note }, { db }) => {
    await rejectRequest(db, request.id, note);
    return { summary: `rejected request ${request.id}`, old: { status: 'pending' }, new: { status: 'rejected' } };
  },
});
