import type { Channel } from '../domain/transaction.ts';

export const outside = 0;

/** What somebody means to do with their money; account ids, `outside` for the side that is not this bank's. Amounts in minor units. */
export type Posting = {
  readonly at: number;
  readonly type: 'deposit' | 'withdrawal' | 'transfer' | 'reversal';
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly channel: Channel;
  readonly counterparty: string | null;
  readonly description: string;
  readonly reverses?: number;
  /** Takes whatever is left, up to the amount; up to what its owner is used to, or all of it. */
  readonly atMost?: 'usual' | 'all';
  /** The planted case it belongs to. */
  readonly plantedIn?: number;
};

/** A posting that the bank turned down. */
export type Refusal = {
  readonly at: number;
  readonly type: Posting['type'];
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly currency: string;
  readonly code: string;
  readonly message: string;
};

type Rest = Partial<Pick<Posting, 'channel' | 'counterparty' | 'description' | 'plantedIn' | 'atMost'>>;

export const deposit = (at: number, to: number, amount: number, rest: Rest = {}): Posting => ({
  at, type: 'deposit', from: outside, to, amount, channel: 'online', counterparty: null, description: '', ...rest,
}); // prettier-ignore

export const withdrawal = (at: number, from: number, amount: number, rest: Rest = {}): Posting => ({
  at, type: 'withdrawal', from, to: outside, amount, channel: 'online', counterparty: null, description: '', ...rest,
}); // prettier-ignore

export const transfer = (at: number, from: number, to: number, amount: number, rest: Rest = {}): Posting => ({
  at, type: 'transfer', from, to, amount, channel: 'online', counterparty: null, description: '', ...rest,
}); // prettier-ignore
