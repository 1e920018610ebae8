import type { BankDay } from './bank-days.ts';
import { weightOf } from './spending.ts';

/** How many purchases fill each day, so that the history has exactly the wanted number of transactions. */
export type Quotas = {
  /** Purchases of each whole day. */
  readonly purchases: readonly number[];
  /** Everything of the running day but the fresh cases: the same at any hour, so that the days before do not depend on it. */
  readonly today: number;
};

export type Wishes = {
  readonly transactions: number;
  readonly days: readonly BankDay[];
  /** Transactions planned for each day. */
  readonly planned: readonly number[];
  /** Transactions of cases in the last day. */
  readonly fresh: number;
  /** How much of the bank is open on each day, 0 to 1. */
  readonly activeShare: readonly number[];
};

/** Shares out what calendar and cases leave. */
export const shareOut = ({ transactions, days, planned, fresh, activeShare }: Wishes): Quotas => {
  const whole = days.slice(0, -1);
  const today = Math.round((transactions / days.length) * 0.4);
  const left = transactions - today - fresh - planned.slice(0, -1).reduce((sum, count) => sum + count, 0);
  if (left < 0) throw new RangeError('the planned cases alone are more transactions than wanted');
  const weights = whole.map((day, index) => weightOf(day, index, days.length) * (activeShare[index] ?? 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let weighed = 0;
  let given = 0;
  const purchases = weights.map(weight => {
    weighed += weight;
    const upTo = Math.round((left * weighed) / total);
    const count = upTo - given;
    given = upTo;
    return count;
  });
  return { purchases, today };
};
