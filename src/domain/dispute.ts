import { z } from 'zod';

export const disputeStatuses = ['received', 'investigating', 'upheld', 'denied'] as const;
export type DisputeStatus = (typeof disputeStatuses)[number];

/** What a customer says is wrong with a transaction. */
export const disputeKinds = ['not authorised', 'wrong amount', 'posted twice', 'not received', 'system fault', 'other'] as const;
export type DisputeKind = (typeof disputeKinds)[number];
export const DisputeKind = z.enum(disputeKinds).meta({ title: 'Kind' });

export const Verdict = z.enum(['upheld', 'denied']).meta({ title: 'Verdict' });

type Standing = { readonly id: bigint; readonly status: DisputeStatus; readonly transactionId: bigint; readonly reversedBy: bigint | null };

/** Why a dispute cannot be investigated now, or undefined if it can. The other rules read alike. */
export const whyNotInvestigate = ({ id, status }: Standing): string | undefined =>
  status === 'received' ? undefined : `dispute ${id} is ${status}: its evidence was gathered already`;

export const whyNotDecide = ({ id, status }: Standing): string | undefined => {
  if (status === 'received') return `dispute ${id} has no evidence yet: investigate it first`;
  return status === 'investigating' ? undefined : `dispute ${id} is ${status} already`;
};

export const whyNotReopen = ({ id, status, transactionId, reversedBy }: Standing): string | undefined => {
  if (status === 'received' || status === 'investigating') return `dispute ${id} is open: it is ${status}`;
  return reversedBy === null ? undefined : `transaction ${transactionId} was reversed: there is nothing left to decide`;
};

/** What an operator does next about it. */
export const nextStep = ({ status, transactionId, reversedBy }: Standing): string => {
  if (reversedBy !== null) return `transaction ${reversedBy} took it back`;
  switch (status) {
    case 'received':
      return 'x i gathers the evidence';
    case 'investigating':
      return 'x d decides it on the evidence below';
    case 'upheld':
      return `x v reverses transaction ${transactionId}: somebody else approves it`;
    case 'denied':
      return 'nothing; x o opens it again, with a second person';
  }
};
