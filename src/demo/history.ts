import type { Account } from './accounts.ts';
import { minute, wholeDay, type BankDay } from './bank-days.ts';
import { casePostings, probesOf, type Cases } from './cases.ts';
import { openCounter, type Notable, type PostedRow } from './counter.ts';
import { openHabits } from './habits.ts';
import { openLedger, type Ledger, type Override } from './ledger.ts';
import { withdrawal, type Posting, type Refusal } from './posting.ts';
import { shareOut } from './quotas.ts';
import { randomFrom } from './random.ts';
import { routineOf, type Routine } from './routine.ts';
import { purchaseTimes, spendersAmong, type Quiet, type Spender } from './spending.ts';

export type HistoryPlan = {
  readonly accounts: readonly Account[];
  readonly days: readonly BankDay[];
  readonly now: number;
  readonly seed: number;
  readonly transactions: number;
  readonly cases: Cases;
  readonly routine: Routine;
  readonly overrides: readonly Override[];
};

export type History = {
  /** All transactions in the order of posting; to be read once. */
  readonly rows: Generator<PostedRow>;
  readonly ledger: Ledger;
  /** Filled while the rows are read. */
  readonly refusals: Refusal[];
  readonly notable: Notable[];
};

const closed = (accounts: readonly Account[]): readonly Account[] => accounts.filter(({ status }) => status === 'closed');

/** Minutes before the end of an account at which its rest is paid out. */
const partings = [175, 160, 145, 130, 115, 100, 85, 70, 55, 30];

/** Whoever closes an account takes the rest along, in parts that are nothing unusual. */
const payouts = (accounts: readonly Account[]): Posting[] =>
  closed(accounts).flatMap(({ id, endedAt }) =>
    partings.map((ago, index) =>
      withdrawal((endedAt ?? 0) - ago * minute, id, 155_000, {
        description: 'Closing payout',
        atMost: index === partings.length - 1 ? 'all' : 'usual',
      }),
    ),
  );

/** Nothing comes between the payout and the end. */
const withClosings = (quiet: Quiet, accounts: readonly Account[]): Quiet =>
  new Map([...quiet, ...closed(accounts).map(({ id, endedAt }) => [id, [[(endedAt ?? 0) - 180 * minute, Infinity]]] as const)]);

const byDay = (postings: readonly Posting[], days: readonly BankDay[]): readonly (readonly Posting[])[] => {
  const buckets: Posting[][] = days.map(() => []);
  const first = days[0]?.start ?? 0;
  for (const posting of postings) {
    // One of three neighbours, because two days a year have other lengths
    const about = Math.floor((posting.at - first) / wholeDay);
    const index = [about, about - 1, about + 1].find(
      place => posting.at >= (days[place]?.start ?? Infinity) && posting.at < (days[place]?.end ?? 0),
    );
    if (index !== undefined) buckets[index]?.push(posting);
  }
  return buckets;
};

/** How many of those who come one after the other are there when each day begins. */
const liveCounts = (spenders: readonly Spender[], days: readonly BankDay[]): readonly number[] => {
  let live = 0;
  return days.map(({ start }) => {
    while ((spenders[live]?.account.activatedAt ?? Infinity) <= start) live++;
    return live;
  });
};

/** Writes the whole history, one day after the other, holding one day in memory. */
export const writeHistory = ({ accounts, days, now, seed, transactions, cases, routine, overrides }: HistoryPlan): History => {
  const ledger = openLedger(accounts, overrides);
  const habits = openHabits(accounts);
  const refusals: Refusal[] = [...probesOf(cases)];
  const notable: Notable[] = [];
  const books = { accounts, ledger, habits, refusals, notable, watched: new Map<number, Notable>() };
  const quiet = withClosings(cases.quiet, accounts);
  const once = byDay([...casePostings(cases, false), ...payouts(accounts)], days);
  const fresh = byDay(casePostings(cases, true), days);
  const spenders = spendersAmong(accounts, randomFrom(seed, 'spenders'));
  const liveOn = { day: liveCounts(spenders.day, days), night: liveCounts(spenders.night, days) };
  const plannedOn = (day: BankDay, index: number): readonly Posting[] => [...routineOf(routine, day, seed), ...(once[index] ?? [])];

  const quotas = shareOut({
    transactions,
    days,
    planned: days.map((day, index) => plannedOn(day, index).length),
    fresh: fresh.flat().length,
    activeShare: liveOn.day.map(count => count / spenders.day.length),
  });

  function* rows(): Generator<PostedRow> {
    for (const [index, day] of days.entries()) {
      const random = randomFrom(seed, `day ${day.number}`);
      const calendar = plannedOn(day, index).filter(({ at }) => at < now);
      const kept = index === days.length - 1 ? calendar.slice(0, quotas.today) : calendar;
      const due = [...kept, ...(fresh[index] ?? [])].toSorted((a, b) => a.at - b.at);
      const count = quotas.purchases[index] ?? quotas.today - kept.length;
      const times = purchaseTimes(count, day, Math.min(day.end, now), random);
      const counter = openCounter({
        ...books,
        quiet,
        random,
        day,
        spenders: { day: spenders.day.slice(0, liveOn.day[index]), night: spenders.night.slice(0, liveOn.night[index]) },
      });
      ledger.begin();
      let next = 0;
      for (const posting of due) {
        for (; (times[next] ?? Infinity) <= posting.at; next++) yield counter.buy(times[next] ?? 0);
        yield counter.carryOut(posting);
      }
      for (; next < times.length; next++) yield counter.buy(times[next] ?? 0);
    }
  }
  return { rows: rows(), ledger, refusals, notable };
};
