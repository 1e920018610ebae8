import { z } from 'zod';
import { formatMoney } from '../../domain/money.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findDispute, type DisputeRow } from './queries.ts';

export const DisputeId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Dispute' });

/** How audit and confirmation name a dispute. */
export const disputeTarget = (dispute: DisputeRow): Target => ({
  id: String(dispute.id),
  label: `#${dispute.id}`,
  version: dispute.version,
});

/** The dispute if it exists and the rule has nothing against it. */
export const disputeFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (dispute: DisputeRow) => string | undefined,
): Promise<Outcome<DisputeRow>> => {
  const dispute = await findDispute(db, id);
  if (!dispute) return notFound(`there is no dispute ${id}`);
  const objection = whyNot(dispute);
  return objection === undefined ? done(dispute) : conflict(objection);
};

/** `Ada Byron says of transaction 4711 (EUR 120.00): not authorised`. */
export const claimOf = ({ ownerName, transactionId, amount, currency, kind }: DisputeRow): string =>
  `${ownerName} says of transaction ${transactionId} (${formatMoney(amount, currency)}): ${kind}`;
