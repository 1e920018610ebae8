/** How large a demo bank is asked for. */
export type Scale = {
  readonly transactions: number;
  readonly accounts: number;
  readonly users: number;
  readonly staff: number;
  readonly employers: number;
  readonly landlords: number;
  readonly applicants: number;
  /** Customers without an account. */
  readonly visitors: number;
};

export const defaultTransactions = 60_000;
export const mostTransactions = 5_000_000;
/** Fewer cannot hold one of each planted shape. */
export const fewestTransactions = 5_000;

/** Days of history, the running one included. */
export const historyDays = 400;

/** 60,000 transactions belong to 2,500 accounts and 2,000 users, 5 million to 120,000 and 100,000: what lies between grows by a power. */
const grown = (atDefault: number, transactions: number, power: number, step: number): number =>
  Math.round((atDefault * (transactions / defaultTransactions) ** power) / step) * step;

/** The make-up of a bank with so many transactions. */
export const scaleOf = (transactions: number): Scale => {
  if (!Number.isInteger(transactions) || transactions < fewestTransactions || transactions > mostTransactions) {
    throw new RangeError(
      `a demo bank has ${fewestTransactions.toLocaleString('en')} to ${mostTransactions.toLocaleString('en')} transactions, not ${transactions}`,
    );
  }
  const step = transactions > defaultTransactions ? 500 : 10;
  const accounts = grown(2_500, transactions, transactions > defaultTransactions ? 0.8753 : 1, step);
  const users = grown(2_000, transactions, transactions > defaultTransactions ? 0.8845 : 1, step);
  const employers = Math.max(4, Math.round((17 * transactions) / defaultTransactions));
  return {
    transactions,
    accounts,
    users,
    staff: 24,
    employers,
    landlords: Math.max(2, Math.round(employers / 2)),
    applicants: Math.max(56, Math.round(accounts / 50)),
    visitors: Math.round(users / 50),
  };
};
