import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { DisputeKind } from '../../domain/dispute.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { transactionPage } from '../transactions/queries.ts';
import { disputesAbout, earlierDisputes, receiveDispute } from './queries.ts';

export const receiveCustomerDispute = defineAction({
  id: 'disputes.receive',
  title: 'Receive dispute',
  past: 'received',
  permission: 'dispute.receive',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'dispute',
  input: z.object({
    transaction: z.coerce.bigint('is no number of a transaction').positive('is no number of a transaction').meta({ title: 'Transaction' }),
    kind: DisputeKind,
    note: Note.meta({ kind: 'note', title: 'What the customer says' }),
  }),

  gather: async ({ transaction: wanted }, { db }) => {
    const transaction = await transactionPage.find(db, wanted);
    if (!transaction) return notFound(`there is no transaction ${wanted}`);
    if (transaction.reverses !== null) {
      return conflict(`transaction ${wanted} is a reversal`, `what is disputed is transaction ${transaction.reverses}`);
    }
    if (transaction.reversedBy !== null) return conflict(`transaction ${wanted} was reversed already by transaction ${transaction.reversedBy}`);
    const disputes = await disputesAbout(db, wanted);
    const open = disputes.find(({ status }) => status === 'received' || status === 'investigating');
    if (open) return conflict(`transaction ${wanted} is disputed already: dispute ${open.id} is ${open.status}`);
    return done({ transaction, disputes, others: await earlierDisputes(db, transaction.fromId ?? transaction.toId ?? 0n) });
  },
  target: ({ transaction }) => ({ id: '-', label: `transaction ${transaction.id}`, version: 0 }),

  preview: ({ transaction, disputes, others }, { kind }) => [
    `the owner of account ${transaction.fromNumber ?? transaction.toNumber ?? '-'} disputes transaction ${transaction.id}, posted ${formatInstant(transaction.postedAt)}: ${kind}`,
    'it moves no money; while it is open the account cannot be closed',
    `${others} ${others === 1 ? 'dispute' : 'disputes'} of this account so far${disputes.length === 0 ? '' : `, ${disputes.length} about this transaction`}`,
  ],

  execute: async ({ transaction }, { kind, note }, { db }) => {
    const id = await receiveDispute(db, transaction.id, kind, note);
    return {
      summary: `received dispute ${id} about transaction ${transaction.id}`,
      target: { id: String(id), label: `#${id}`, version: 0 },
      new: { status: 'received', kind, transaction: String(transaction.id), account: transaction.fromNumber ?? transaction.toNumber },
    };
  },
}); // prettier-ignore
