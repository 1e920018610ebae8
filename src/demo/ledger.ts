import type { Account } from './accounts.ts';
import { outside, type Posting } from './posting.ts';

type Kind = 'deposit' | 'withdrawal' | 'transfer';

/** A limit that replaces the default of one account, in minor units. */
export type Override = {
  readonly account: number;
  readonly type: Kind;
  readonly single: number;
  readonly daily: number;
  readonly reason: string;
};

export type Posted = { readonly id: number; readonly fromAfter: number | null; readonly toAfter: number | null };
export type Objection = 'account-closed' | 'account-frozen' | 'account-pending' | 'insufficient-funds' | 'single-limit' | 'daily-limit';

/** The bank's default limits in units of the currency, as in bank.limit_default. */
const limits: Readonly<Record<Kind, readonly [single: number, daily: number]>> = {
  deposit: [2_000, 10_000],
  withdrawal: [2_000, 5_000],
  transfer: [2_000, 5_000],
};
const kinds = { deposit: 0, withdrawal: 1, transfer: 2 } as const;
const exponents: Readonly<Record<string, number>> = { JPY: 0, KWD: 3 };

/** The balances while history is written; it objects to what the bank's contract would refuse. */
export type Ledger = {
  readonly balance: (account: number) => number;
  /** Minor units in one unit of the account's currency. */
  readonly unit: (account: number) => number;
  readonly isActive: (account: number, at: number) => boolean;
  readonly objection: (posting: Posting) => Objection | undefined;
  readonly post: (posting: Posting) => Posted;
  /** A new business day: limits count anew. */
  readonly begin: () => void;
};

/** Opens every account at zero. */
export const openLedger = (accounts: readonly Account[], overrides: readonly Override[]): Ledger => {
  const balances = new Float64Array(accounts.length + 1);
  const from = Float64Array.from([Infinity, ...accounts.map(({ activatedAt }) => activatedAt ?? Infinity)]);
  const until = Float64Array.from([0, ...accounts.map(({ endedAt }) => endedAt ?? Infinity)]);
  const units = Float64Array.from([1, ...accounts.map(({ currency }) => 10 ** (exponents[currency] ?? 2))]);
  const replaced = new Map(overrides.map(({ account, type, single, daily }) => [account * 3 + kinds[type], [single, daily] as const]));
  let used = new Map<number, number>();
  let lastId = 0;

  const balance = (account: number): number => balances[account] ?? 0;
  const unit = (account: number): number => units[account] ?? 100;
  const isActive = (account: number, at: number): boolean => at >= (from[account] ?? Infinity) && at < (until[account] ?? 0);

  const standing = (account: number, at: number): Objection | undefined => {
    if (account === outside || isActive(account, at)) return undefined;
    if (at < (from[account] ?? Infinity)) return 'account-pending';
    return accounts[account - 1]?.status === 'closed' ? 'account-closed' : 'account-frozen';
  };
  const keyOf = ({ type, from: payer, to }: Posting): number =>
    (type === 'deposit' ? to : payer) * 3 + (type === 'reversal' ? 0 : kinds[type]);

  return {
    balance,
    unit,
    isActive,
    begin: () => {
      used = new Map();
    },
    objection: posting => {
      const objection = standing(posting.from, posting.at) ?? standing(posting.to, posting.at);
      if (objection) return objection;
      if (posting.from !== outside && balance(posting.from) < posting.amount) return 'insufficient-funds';
      if (posting.type === 'reversal') return undefined;
      const key = keyOf(posting);
      const side = unit(posting.type === 'deposit' ? posting.to : posting.from);
      const [single, daily] = replaced.get(key) ?? limits[posting.type].map(units => units * side);
      if (posting.amount > (single ?? 0)) return 'single-limit';
      return (used.get(key) ?? 0) + posting.amount > (daily ?? 0) ? 'daily-limit' : undefined;
    },
    post: posting => {
      const { from: payer, to: payee, amount } = posting;
      if (posting.type !== 'reversal') used.set(keyOf(posting), (used.get(keyOf(posting)) ?? 0) + amount);
      if (payer !== outside) balances[payer] = balance(payer) - amount;
      if (payee !== outside) balances[payee] = balance(payee) + amount;
      return { id: ++lastId, fromAfter: payer === outside ? null : balance(payer), toAfter: payee === outside ? null : balance(payee) };
    },
  };
};
