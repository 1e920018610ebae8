import { planAccounts, type Account } from './accounts.ts';
import { bankDays, wholeDay, type BankDay } from './bank-days.ts';
import { planCases, type Cases } from './cases.ts';
import type { Override } from './ledger.ts';
import { planPeople } from './people.ts';
import type { Person } from './person.ts';
import { firmOverrides, planRoutine, type Routine } from './routine.ts';
import { historyDays, scaleOf, type Scale } from './scale.ts';

/** Everything about a demo bank but its transactions. */
export type BankPlan = {
  readonly seed: number;
  /** The last instant of the history. */
  readonly now: number;
  /** When the running day began: what does not belong to the last hours is planned from here, so that it is the same all day. */
  readonly midnight: number;
  readonly scale: Scale;
  readonly days: readonly BankDay[];
  readonly people: readonly Person[];
  readonly accounts: readonly Account[];
  readonly cases: Cases;
  readonly routine: Routine;
  readonly overrides: readonly Override[];
};

/** A few customers were granted more, for a house or a car. */
const grants = (accounts: readonly Account[], taken: ReadonlySet<number>, now: number): readonly Override[] =>
  accounts
    .filter(
      ({ id, owner, status, type, currency, activatedAt }) =>
        owner.kind === 'customer' &&
        status === 'active' &&
        type === 'current' &&
        currency === 'EUR' &&
        !taken.has(id) &&
        (activatedAt ?? now) < now - 100 * wholeDay,
    )
    .filter((_, index) => index % 211 === 7)
    .map(({ id }) => ({ account: id, type: 'transfer', single: 1_500_000, daily: 3_000_000, reason: 'buys a flat, contract seen' }));

/** The same seed, day and size give the same bank; only its last hours move with the clock. */
export const planBank = (transactions: number, seed: number, time: Date, timeZone: string): BankPlan => {
  const now = time.getTime();
  const scale = scaleOf(transactions);
  const days = bankDays(time, historyDays, timeZone);
  const midnight = days.at(-1)?.start ?? now;
  const people = planPeople(scale, days, midnight, seed);
  const accounts = planAccounts(scale, people, midnight, seed);
  const cases = planCases(accounts, days, now, seed);
  const routine = planRoutine(accounts, cases.taken, transactions, seed);
  return {
    seed,
    now,
    midnight,
    scale,
    days,
    people,
    accounts,
    cases,
    routine,
    overrides: [...firmOverrides(routine), ...grants(accounts, cases.taken, midnight)],
  };
};
