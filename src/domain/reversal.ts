import { z } from 'zod';

/** Why a transaction is reversed; its customer reads it on the statement. */
export const ReversalGround = z
  .enum(['dispute upheld', 'entered twice', 'wrong amount', 'wrong account', 'system fault'])
  .meta({ title: 'Ground' });

type Standing = {
  readonly id: bigint;
  readonly type: string;
  readonly reverses: bigint | null;
  readonly reversedBy: bigint | null;
};

/** Why a transaction cannot be reversed, or undefined if it can. */
export const whyNotReverse = ({ id, reverses, reversedBy }: Standing): string | undefined => {
  if (reverses !== null) return `transaction ${id} is a reversal itself, of transaction ${reverses}`;
  return reversedBy === null ? undefined : `transaction ${id} was reversed already by transaction ${reversedBy}`;
};

/** One side of a reversal, as its account is now; undefined for a side outside the bank. */
export type Leg = {
  readonly accountId: bigint;
  readonly number: string;
  readonly ownerName: string;
  readonly status: string;
  readonly balance: bigint;
  /** What the reversal adds or takes away; minor units. */
  readonly change: bigint;
};

/** What the legs have against it: money that is gone, accounts that are closed. A frozen account is no objection. */
export const legsObjection = (legs: readonly Leg[]): string | undefined => {
  const shut = legs.find(({ status }) => status !== 'active' && status !== 'frozen');
  if (shut) return `account ${shut.number} is ${shut.status}`;
  const short = legs.find(({ balance, change }) => balance + change < 0n);
  return short && `account ${short.number} has too little to give it back`;
};
