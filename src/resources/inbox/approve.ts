import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { RequestNumber, requestTarget, requestToCheck } from './target.ts';

/** What approving does is told and done by the action that was asked for; the kit sees to that. */
export const approveRequest = defineAction({
  id: 'approvals.approve',
  title: 'Approve request',
  past: 'approved',
  permission: 'self',
  eyes: 1,
  danger: 'plain',
  carriesOut: 'as-checker',
  verb: 'approve',
  entity: 'approval',
  input: z.object({ id: RequestNumber, note: Note }),

  gather: ({ id }, context) => requestToCheck(id, context),
  target: requestTarget,
  preview: request => request.preview,
  execute: async request => ({ summary: `approved request ${request.id}` }),
});
