import { z } from 'zod';
import { whyNotReopen } from '../../domain/dispute.ts';
import { formatShortInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { reopenDispute } from './queries.ts';
import { claimOf, disputeFor, DisputeId, disputeTarget } from './target.ts';

export const reopenCustomerDispute = defineAction({
  id: 'disputes.reopen',
  title: 'Reopen dispute',
  past: 'reopened',
  permission: 'dispute.decide',
  eyes: 2,
  checker: 'approval.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'dispute',
  input: z.object({ id: DisputeId, note: Note }),

  gather: ({ id }, context) => disputeFor(id, context, whyNotReopen),
  target: disputeTarget,

  preview: dispute => [
    claimOf(dispute),
    `it was ${dispute.status} ${formatShortInstant(dispute.decidedAt)} by ${dispute.decidedBy ?? '-'}: ${dispute.finding ?? '-'}`,
    'it is investigated again, on the evidence that was gathered; the earlier decision stays in the audit log',
  ],

  execute: async (dispute, _input, { db }) => {
    await reopenDispute(db, dispute);
    return {
      summary: `reopened dispute ${dispute.id}`,
      old: { status: dispute.status, finding: dispute.finding, decidedBy: dispute.decidedBy },
      new: { status: 'investigating' },
    };
  },
});
