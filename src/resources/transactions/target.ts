import { z } from 'zod';
import { formatMoney } from '../../domain/money.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { flagsOfTransaction, transactionPage, type Flag, type TransactionRow } from './queries.ts';

/** Names the transaction; filled from the record, or given as a flag. */
export const TransactionId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Transaction id' });

export type Flagged = { readonly transaction: TransactionRow; readonly flags: readonly Flag[] };

/** Why the transaction may not be flagged, or undefined if it may. The other rule reads alike. */
export const whyNotFlag = (transaction: TransactionRow): string | undefined =>
  transaction.flagged ? `transaction ${transaction.id} is flagged already` : undefined;
export const whyNotUnflag = (transaction: TransactionRow): string | undefined =>
  transaction.flagged ? undefined : `transaction ${transaction.id} is not flagged`;

/** The transaction with its flags if it exists and the rule has nothing against it. */
export const transactionFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (transaction: TransactionRow) => string | undefined,
): Promise<Outcome<Flagged>> => {
  const transaction = await transactionPage.find(db, id);
  if (!transaction) return notFound(`there is no transaction ${id}`);
  const objection = whyNot(transaction);
  return objection === undefined ? done({ transaction, flags: await flagsOfTransaction(db, transaction) }) : conflict(objection);
};

/** How audit and confirmation name a transaction. It never changes; what is looked at is how often it was flagged and cleared. */
export const transactionTarget = ({ transaction, flags }: Flagged): Target => ({
  id: String(transaction.id),
  label: `transaction ${transaction.id}`,
  version: flags.length + flags.filter(flag => flag.clearedAt).length,
});

/** The account that a flag stands on: the sender's, or the receiver's where the sender is outside. */
export const flaggedAccount = ({ fromNumber, toNumber }: TransactionRow): string => fromNumber ?? toNumber ?? '-';

/** `transfer of EUR 120.00 from 447100930012 to 447100970035`. */
export const inWords = (transaction: TransactionRow): string => {
  const outside = transaction.counterparty ?? 'outside';
  const { type, amount, currency, fromNumber, toNumber } = transaction;
  return `${type} of ${formatMoney(amount, currency)} from ${fromNumber ?? outside} to ${toNumber ?? outside}`;
};
