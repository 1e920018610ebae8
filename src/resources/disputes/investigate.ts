import { z } from 'zod';
import { whyNotInvestigate } from '../../domain/dispute.ts';
import { signsOf } from '../../domain/dispute-evidence.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { investigateDispute } from './queries.ts';
import { claimOf, disputeFor, DisputeId, disputeTarget } from './target.ts';

export const investigateCustomerDispute = defineAction({
  id: 'disputes.investigate',
  title: 'Investigate dispute',
  past: 'investigated',
  permission: 'dispute.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'dispute',
  irreversible: 'evidence is gathered once and stays as it was found',
  input: z.object({ id: DisputeId, note: Note }),

  gather: ({ id }, context) => disputeFor(id, context, whyNotInvestigate),
  target: disputeTarget,

  preview: dispute => [
    claimOf(dispute),
    'the database gathers sign-in, address and sessions, the other transactions of that hour, what was refused, resets and lockouts, system errors, alerts and flags',
    'it stays with the dispute as it was found, and is what everybody decides on',
  ],

  execute: async (dispute, _input, { db }) => {
    const signs = signsOf(await investigateDispute(db, dispute));
    return {
      summary: `gathered the evidence of dispute ${dispute.id}: ${signs.length === 0 ? 'nothing stands out' : `${signs.length} ${signs.length === 1 ? 'thing stands' : 'things stand'} out`}`,
      old: { status: dispute.status },
      new: { status: 'investigating', signs },
    };
  },
});
