import { z } from 'zod';
import { Verdict, whyNotDecide } from '../../domain/dispute.ts';
import { signsOf } from '../../domain/dispute-evidence.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { evidenceTables } from './evidence.ts';
import { decideDispute, evidenceOf } from './queries.ts';
import { claimOf, disputeFor, DisputeId, disputeTarget } from './target.ts';

export const decideCustomerDispute = defineAction({
  id: 'disputes.decide',
  title: 'Decide dispute',
  past: 'decided',
  permission: 'dispute.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'dispute',
  input: z.object({ id: DisputeId, verdict: Verdict, findings: Note.meta({ kind: 'note', title: 'Finding' }) }),

  gather: async ({ id }, context) => {
    const dispute = await disputeFor(id, context, whyNotDecide);
    if (!dispute.ok) return dispute;
    const evidence = await evidenceOf(context.db, id);
    return evidence
      ? done({ dispute: dispute.value, evidence, signs: signsOf(evidence) })
      : conflict(`dispute ${id} has no evidence yet: investigate it first`);
  },
  target: ({ dispute }) => disputeTarget(dispute),

  preview: ({ dispute, signs }, { verdict }) => [
    claimOf(dispute),
    `in their words: ${dispute.statement}`,
    signs.length === 0 ? 'nothing stands out in the evidence' : `stands out: ${signs.join('; ')}`,
    verdict === 'upheld'
      ? `the customer is right; the money goes back only by a reversal of transaction ${dispute.transactionId}, which takes two people`
      : 'the customer is wrong; nothing moves',
  ],
  evidence: ({ evidence }) => evidenceTables(evidence).filter(({ table }) => table.rows.length > 0),

  execute: async ({ dispute }, { verdict, findings }, { db }) => {
    await decideDispute(db, dispute, verdict, findings);
    return {
      summary: `${verdict} dispute ${dispute.id}${verdict === 'upheld' ? `; next: reverse transaction ${dispute.transactionId}` : ''}`,
      old: { status: dispute.status },
      new: { status: verdict, finding: findings, transaction: String(dispute.transactionId) },
    };
  },

  waysBack: ({ dispute }, { findings }) => [
    { action: 'disputes.reopen', input: { id: String(dispute.id), note: `undone: ${findings}`.slice(0, 2_000) } },
  ],
});
