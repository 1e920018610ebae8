export const transactionTypes = ['deposit', 'withdrawal', 'transfer', 'reversal'] as const;
export type TransactionType = (typeof transactionTypes)[number];
export const channels = ['card', 'online', 'branch', 'atm', 'standing order', 'internal'] as const;
export type Channel = (typeof channels)[number];

/** Posted is final; a reversal is a transaction of its own that leaves its original where it was. */
export type TransactionStatus = 'posted' | 'reversed';
