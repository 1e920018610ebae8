import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { RequestNumber, requestFor, requestTarget, whyNotDecide } from './target.ts';

/** One person alone, in an open incident: the database asks for the incident and a fresh code, and tells managers and admins. */
export const breakGlass = defineAction({
  id: 'approvals.break-glass',
  title: 'Break the glass',
  past: 'broke the glass for',
  permission: 'self',
  eyes: 1,
  code: true,
  danger: 'typed',
  carriesOut: 'breaking-glass',
  verb: 'approve',
  entity: 'approval',
  irreversible: 'every manager and administrator is told at once, and one of them ratifies or disputes it within 24 hours',
  input: z.object({ id: RequestNumber, note: Note }),

  gather: ({ id }, context) => requestFor(id, context, whyNotDecide),
  target: requestTarget,
  preview: request => request.preview,
  execute: async request => ({ summary: `broke the glass for request ${request.id}` }),
});
