import { z } from 'zod';
import { formatInstant, formatShortInstant } from '../../domain/day.ts';
import { formatAmount, formatMoney } from '../../domain/money.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { legsObjection, ReversalGround, whyNotReverse, type Leg } from '../../domain/reversal.ts';
import { defineAction } from '../../kit/define-action.ts';
import { disputesAbout, type DisputeLine } from '../disputes/queries.ts';
import { legsOf, reverseTransaction as post, type TransactionRow } from './queries.ts';
import { inWords, TransactionId, transactionFor, transactionTarget } from './target.ts';

const legLine = ({ number, ownerName, status, change }: Leg, currency: string): string =>
  `${number} of ${ownerName} ${change < 0n ? 'gives back' : 'gets back'} ${formatMoney(change < 0n ? -change : change, currency)}${
    status === 'frozen' ? '; it is frozen and stays so: only a reversal moves money there' : ''
  }`;

const outsideLine = ({ fromNumber, toNumber, counterparty }: TransactionRow): readonly string[] =>
  fromNumber !== null && toNumber !== null ? [] : [`the other side is ${counterparty ?? 'outside'}, not an account of this bank`];

/** What the disputes about it say, for whoever decides. */
const doubtAbout = (disputes: readonly DisputeLine[]): readonly string[] => {
  const [newest] = disputes;
  if (!newest) return ['no customer disputed it'];
  return newest.status === 'upheld' ? [] : [`dispute ${newest.id} about it is ${newest.status}, not upheld`];
};

export const reverseTransaction = defineAction({
  id: 'transactions.reverse',
  title: 'Reverse transaction',
  past: 'reversed',
  permission: 'transaction.reverse',
  eyes: 2,
  checker: 'approval.decide',
  code: true,
  danger: 'typed',
  verb: 'create',
  entity: 'transaction',
  irreversible: 'a reversal stays: it is never reversed itself',
  input: z.object({ id: TransactionId, ground: ReversalGround, note: Note }),

  gather: async ({ id }, context) => {
    const found = await transactionFor(id, context, whyNotReverse);
    if (!found.ok) return found;
    const { transaction } = found.value;
    const [legs, disputes] = await Promise.all([legsOf(context.db, transaction), disputesAbout(context.db, id)]);
    const objection = legsObjection(legs);
    return objection === undefined ? done({ ...found.value, legs, disputes }) : conflict(objection);
  },
  // A dispute that somebody decided meanwhile makes it another matter
  target: facts => {
    const target = transactionTarget(facts);
    return { ...target, version: facts.disputes.reduce((sum, dispute) => sum + 1 + dispute.version, target.version) };
  },

  preview: ({ transaction, legs, disputes }, { ground }) => [
    `${inWords(transaction)}, posted ${formatInstant(transaction.postedAt)}, is reversed: ${ground}`,
    ...legs.map(leg => legLine(leg, transaction.currency)),
    ...outsideLine(transaction),
    ...disputes.slice(0, 1).map(({ id, kind, status, finding }) => `dispute ${id} (${kind}) is ${status}${finding === null ? '' : `: ${finding}`}`),
    'the original stays where it is, and both name each other; limits do not count it',
  ],
  evidence: ({ transaction: { currency }, legs, disputes }) => [
    {
      title: 'Balances',
      table: {
        columns: ['Account', 'Status', 'Now', 'Change', 'After'],
        rows: legs.map(({ number, status, balance, change }) => [
          number,
          status,
          formatAmount(balance, currency),
          `${change < 0n ? '' : '+'}${formatAmount(change, currency)}`,
          formatAmount(balance + change, currency),
        ]),
      },
    },
    ...(disputes.length === 0
      ? []
      : [
          {
            title: 'Disputes about it',
            table: {
              columns: ['No', 'Received', 'Kind', 'Status', 'The customer says'],
              rows: disputes.map(({ id, receivedAt, kind, status, statement }) => [String(id), formatShortInstant(receivedAt), kind, status, statement.slice(0, 60)]),
            },
          },
        ]),
  ],
  doubts: ({ disputes }) => doubtAbout(disputes),

  execute: async ({ transaction, disputes }, { ground }, { db }) => {
    const reversal = await post(db, transaction.id, ground);
    return {
      summary: `reversed transaction ${transaction.id} by transaction ${reversal}`,
      old: { status: 'posted' },
      new: { status: 'reversed', reversal: String(reversal), ground, dispute: disputes[0] ? String(disputes[0].id) : null },
    };
  },
}); // prettier-ignore
