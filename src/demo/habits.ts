import type { Account } from './accounts.ts';
import { wholeDay } from './bank-days.ts';
import { outside, type Posting } from './posting.ts';

/** What people are used to: the history of each account as the rules of monitoring look at it. */
export type Habits = {
  /** The same posting, or a smaller one where it would be remarkable: only planted cases are to be found. */
  readonly fit: (posting: Posting, unit: number, night: boolean) => Posting;
  readonly note: (posting: Posting) => void;
};

/**
 * Rule 11 compares with the mean of three months, rule 6 waits for half a year, rule 7 looks at the first transfer of a pair, rule 12 at all
 * debits of a new account, rule 8 at the night.
 */
const remembered = 90 * wholeDay;
const enough = 10;
const ofTheMean = 4.5;
const away = 175 * wholeDay;
const afterAway = 95;
const toStrangers = 980;
const young = 7 * wholeDay;
const whileYoung = 1_900;
const byNight = 480;

/** Debits of one account, oldest first. */
type Debits = { readonly at: number[]; readonly amounts: number[]; first: number; sum: number };

/** Rows that are forgotten are dropped now and then only: shifting each is slow. */
const tidy = 64;

const forget = (debits: Debits, before: number): void => {
  while ((debits.at[debits.first] ?? Infinity) < before) {
    debits.sum -= debits.amounts[debits.first] ?? 0;
    debits.first++;
  }
  if (debits.first < tidy) return;
  debits.at.splice(0, debits.first);
  debits.amounts.splice(0, debits.first);
  debits.first = 0;
};

/** What is nothing unusual after those debits. */
const usual = (debits: Debits | undefined, at: number): number => {
  if (!debits) return Infinity;
  forget(debits, at - remembered);
  const count = debits.at.length - debits.first;
  return count < enough ? Infinity : (ofTheMean * debits.sum) / count;
};

/** Machines give notes; everything else ends somewhere below the limit. */
export const smaller = <Wish extends Pick<Posting, 'amount' | 'channel'>>(posting: Wish, limit: number, unit: number): Wish => {
  const notes = 10 * unit;
  if (posting.channel === 'atm' && limit >= notes) return { ...posting, amount: Math.floor(limit / notes) * notes };
  return { ...posting, amount: Math.max(1, Math.floor(limit * (0.6 + (0.4 * (posting.amount % 97)) / 97))) };
};

/** Nothing happened yet on any of the accounts. */
export const openHabits = (accounts: readonly Account[]): Habits => {
  const debits = new Map<number, Debits>();
  const lastAt = new Float64Array(accounts.length + 1);
  const pairs = new Set<number>();
  const pairOf = ({ from, to }: Posting): number => from * (accounts.length + 1) + to;

  const left = (account: number, at: number, unit: number): number =>
    at - (accounts[account - 1]?.openedAt ?? 0) < young ? whileYoung * unit - (debits.get(account)?.sum ?? 0) : Infinity;

  const most = (posting: Posting, unit: number): number => {
    const { from, at, type, channel } = posting;
    const last = lastAt[from] ?? 0;
    return Math.min(
      left(from, at, unit),
      channel === 'standing order' ? Infinity : usual(debits.get(from), at),
      last > 0 && at - last > away ? afterAway * unit : Infinity,
      type === 'transfer' && !pairs.has(pairOf(posting)) ? toStrangers * unit : Infinity,
    );
  };

  return {
    fit: (posting, unit, night) => {
      if (posting.from === outside || posting.amount <= 0) return posting;
      const limit = Math.min(most(posting, unit), night ? byNight * unit : Infinity);
      return posting.amount <= limit ? posting : smaller(posting, limit, unit);
    },
    note: posting => {
      const { from, to, at, amount, type } = posting;
      lastAt[from] = at;
      lastAt[to] = at;
      if (type === 'transfer') pairs.add(pairOf(posting));
      if (from === outside || type === 'reversal') return;
      const own = debits.get(from) ?? { at: [], amounts: [], first: 0, sum: 0 };
      debits.set(from, own);
      own.at.push(at);
      own.amounts.push(amount);
      own.sum += amount;
    },
  };
};
