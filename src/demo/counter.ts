import type { Account } from './accounts.ts';
import { hour, timeOn, type BankDay } from './bank-days.ts';
import type { Habits } from './habits.ts';
import type { Ledger, Objection, Posted } from './ledger.ts';
import { outside, type Posting, type Refusal } from './posting.ts';
import type { Random } from './random.ts';
import { isQuiet, purchase, topUp, type Quiet, type Spender } from './spending.ts';

export type PostedRow = { readonly posting: Posting; readonly posted: Posted; readonly currency: string; readonly day: string };
/** A transaction that somebody may have flagged, or that belongs to a case. */
export type Notable = {
  readonly id: number;
  readonly account: number;
  readonly at: number;
  readonly plantedIn: number | undefined;
  /** When something was posted on that account again. */
  nextAt: number | undefined;
};

export type Desk = {
  readonly accounts: readonly Account[];
  readonly ledger: Ledger;
  readonly habits: Habits;
  readonly quiet: Quiet;
  readonly random: Random;
  readonly day: BankDay;
  readonly spenders: { readonly day: readonly Spender[]; readonly night: readonly Spender[] };
  readonly refusals: Refusal[];
  readonly notable: Notable[];
  /** By account, the notable ones after which nothing was posted yet. */
  readonly watched: Map<number, Notable>;
};

const worded: Readonly<Record<Objection, (number: string, type: string) => string>> = {
  'account-pending': number => `account ${number} is pending`,
  'account-frozen': number => `account ${number} is frozen`,
  'account-closed': number => `account ${number} is closed`,
  'insufficient-funds': number => `account ${number} has too little for this`,
  'single-limit': (_, type) => `Single limit exceeded (${type})`,
  'daily-limit': (_, type) => `Daily limit exceeded (${type})`,
};

/** Nobody tries forever; so many misses in a row mean that the plan is wrong. */
const mostTries = 5_000;

/** The small hours of rule 8. */
const isNight = (at: number, day: BankDay): boolean => at < timeOn(day, 5);

/** The reversal of an earlier card payment. */
const refundOf = (at: number, { from, amount }: Posting, reverses: number): Posting => ({
  at,
  type: 'reversal',
  from: outside,
  to: from,
  amount,
  channel: 'internal',
  counterparty: null,
  description: 'Card payment disputed',
  reverses,
});

/** What was planned, as far as there is money and its owner is used to it; cases and the last of an account are as they are. */
const asPlanned = (planned: Posting, { ledger, habits, day }: Desk): Posting => {
  const whole = planned.atMost ? { ...planned, amount: Math.min(planned.amount, ledger.balance(planned.from)) } : planned;
  return planned.plantedIn !== undefined || planned.atMost === 'all'
    ? whole
    : habits.fit(whole, ledger.unit(planned.from), isNight(planned.at, day));
};

/** Whether its owner or whoever gets it keeps still; a case itself goes on, and so do closings. */
const isSilenced = ({ plantedIn, atMost, from, to, at }: Posting, quiet: Quiet): boolean =>
  plantedIn === undefined && !atMost && (isQuiet(quiet, from, at) || isQuiet(quiet, to, at));

/** Whether it reaches somebody who keeps still, or makes two accounts of cases known to each other. */
const disturbs = ({ type, from, to, at }: Posting, quiet: Quiet): boolean =>
  isQuiet(quiet, to, at) || (type === 'transfer' && quiet.has(from) && quiet.has(to));

/** Writes down what was posted and what was turned down. */
const openBook = ({ accounts, ledger, habits, day, random, refusals, notable, watched }: Desk) => {
  const refunds: { readonly due: number; readonly of: Posting; readonly id: number }[] = [];
  const accountOf = (id: number): Account | undefined => accounts[id - 1];

  const post = (posting: Posting): PostedRow => {
    const posted = ledger.post(posting);
    habits.note(posting);
    const side = posting.from === outside ? posting.to : posting.from;
    for (const party of [posting.from, posting.to]) {
      const before = watched.get(party);
      if (before) before.nextAt = posting.at;
      watched.delete(party);
    }
    if (posting.plantedIn !== undefined || posted.id % 2_003 === 0) {
      const note: Notable = { id: posted.id, account: side, at: posting.at, plantedIn: posting.plantedIn, nextAt: undefined };
      notable.push(note);
      watched.set(side, note);
    }
    if (posting.channel === 'card' && posting.plantedIn === undefined && random.chance(0.001))
      refunds.push({ due: posting.at + random.between(1, 6) * hour, of: posting, id: posted.id });
    return { posting, posted, currency: accountOf(side)?.currency ?? 'EUR', day: day.day };
  };

  const turnDown = (posting: Posting, code: Objection): void => {
    const { at, type, from, to, amount } = posting;
    const blamed = code === 'insufficient-funds' || ledger.isActive(to, at) ? from : to || from;
    const currency = accountOf(from || to)?.currency ?? 'EUR';
    refusals.push({ at, type, from, to, amount, currency, code, message: worded[code](accountOf(blamed)?.number ?? '', type) });
  };

  /** The next refund whose time has come. */
  const refundDue = (at: number, silent: (account: number) => boolean): Posting | undefined => {
    const refund = refunds[0];
    if (!refund || refund.due > at) return undefined;
    refunds.shift();
    if (silent(refund.of.from) || !ledger.isActive(refund.of.from, at)) return undefined;
    return refundOf(at, refund.of, refund.id);
  };

  return { post, turnDown, refundDue };
};

/** Where a day's transactions are made, one by one in the order of time; each call gives exactly one. */
export const openCounter = (desk: Desk) => {
  const { ledger, habits, quiet, random, day, spenders } = desk;
  const { post, turnDown, refundDue } = openBook(desk);
  const company = (night: boolean) => ({ others: spenders.day, night });

  /** Somebody who may act now; now and then the owner of a frozen account tries, too. */
  const somebody = (at: number, among: readonly Spender[]): Spender => {
    for (let tries = 0; tries < mostTries; tries++) {
      const spender = random.pick(among);
      const { id, status } = spender.account;
      // Who has a part in a case sleeps by night, so that a case by night stands out
      if (isQuiet(quiet, id, at) || (isNight(at, day) && quiet.has(id))) continue;
      if (ledger.isActive(id, at)) return spender;
      if (status === 'frozen' && random.chance(0.6)) turnDown(purchase(at, spender, company(false), ledger, random), 'account-frozen');
    }
    throw new RangeError(`nobody can buy anything on ${day.day}`);
  };

  const buy = (at: number): PostedRow => {
    const refund = refundDue(at, account => isQuiet(quiet, account, at));
    if (refund) return post(refund);
    const night = isNight(at, day) && spenders.night.some(({ account: { id } }) => ledger.isActive(id, at) && !isQuiet(quiet, id, at));
    for (let tries = 0; tries < mostTries; tries++) {
      const spender = somebody(at, night ? spenders.night : spenders.day);
      const wanted = habits.fit(purchase(at, spender, company(night), ledger, random), ledger.unit(spender.account.id), isNight(at, day));
      if (disturbs(wanted, quiet)) continue;
      const objection = ledger.objection(wanted);
      if (!objection) return post(wanted);
      if (random.chance(objection === 'insufficient-funds' ? 0.03 : 0.2)) turnDown(wanted, objection);
      const instead = topUp(at, spender, ledger, random);
      if (!ledger.objection(instead)) return post(instead);
    }
    throw new RangeError(`nothing can be bought on ${day.day}`);
  };

  /** What was planned; a purchase instead, where there is no money for it or its owner keeps still. */
  const carryOut = (planned: Posting): PostedRow => {
    const posting = asPlanned(planned, desk);
    if (posting.amount <= 0 || isSilenced(posting, quiet)) return buy(posting.at);
    const objection = ledger.objection(posting);
    if (!objection) return post(posting);
    turnDown(posting, objection);
    return buy(posting.at);
  };

  return { buy, carryOut };
};
