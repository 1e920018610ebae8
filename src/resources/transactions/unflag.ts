import { z } from 'zod';
import { formatShortInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { clearFlag } from './queries.ts';
import { flaggedAccount, inWords, TransactionId, transactionFor, transactionTarget, whyNotUnflag } from './target.ts';

export const unflagTransaction = defineAction({
  id: 'transactions.unflag',
  title: 'Unflag transaction',
  past: 'unflagged',
  permission: 'transaction.flag',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'transaction',
  input: z.object({ id: TransactionId, note: Note }),

  gather: ({ id }, context) => transactionFor(id, context, whyNotUnflag),
  target: transactionTarget,

  preview: ({ transaction, flags }) => [
    `${inWords(transaction)} is no longer flagged`,
    `flagged by ${flags[0]?.flaggedBy ?? '-'} on ${formatShortInstant(flags[0]?.flaggedAt)}: ${flags[0]?.note ?? '-'}`,
    'the flag and both notes stay on record',
  ],

  execute: async ({ transaction }, { note }, { db }) => {
    await clearFlag(db, transaction.id, note);
    return {
      summary: `unflagged transaction ${transaction.id}`,
      old: { flagged: true },
      new: { flagged: false, account: flaggedAccount(transaction) },
    };
  },

  waysBack: ({ transaction }, { note }) => [
    { action: 'transactions.flag', input: { id: String(transaction.id), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
