import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { flagTransaction as placeFlag } from './queries.ts';
import { flaggedAccount, inWords, TransactionId, transactionFor, transactionTarget, whyNotFlag } from './target.ts';

export const flagTransaction = defineAction({
  id: 'transactions.flag',
  title: 'Flag transaction',
  past: 'flagged',
  permission: 'transaction.flag',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'transaction',
  input: z.object({ id: TransactionId, note: Note }),

  gather: ({ id }, context) => transactionFor(id, context, whyNotFlag),
  target: transactionTarget,

  preview: ({ transaction, flags }) => [
    `${inWords(transaction)}, posted ${formatInstant(transaction.postedAt)}`,
    `the flag stands on account ${flaggedAccount(transaction)}; it moves no money and stops none`,
    ...(flags.length === 0 ? [] : [`flagged ${flags.length} times before`]),
  ],

  execute: async ({ transaction }, { note }, { db }) => {
    await placeFlag(db, transaction.id, note);
    return {
      summary: `flagged transaction ${transaction.id}`,
      old: { flagged: false },
      new: { flagged: true, account: flaggedAccount(transaction) },
    };
  },

  waysBack: ({ transaction }, { note }) => [
    { action: 'transactions.unflag', input: { id: String(transaction.id), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
