import type { Account } from './accounts.ts';
import { isPayday, isRentDay, minute, timeOn, wholeDay, type BankDay } from './bank-days.ts';
import type { Override } from './ledger.ts';
import { deposit, transfer, withdrawal, type Posting } from './posting.ts';
import { randomFrom, type Random } from './random.ts';

type Pay = { readonly account: Account; readonly cents: number };
type Tenancy = Pay & { readonly landlord: Account | undefined };

/** Who works for whom and who lives where: what repeats by the calendar. */
export type Routine = {
  readonly employers: readonly { readonly account: Account; readonly group: number; readonly staff: readonly Pay[] }[];
  readonly tenancies: readonly Tenancy[];
  readonly rents: ReadonlyMap<Account, number>;
};

const months = 'January February March April May June July August September October November December'.split(' ');
const estates = ['Wohnbau Genossenschaft eG', 'Immobilien Elbufer', 'City Living Ltd', 'Mieterverein Süd'];

/** Hires about an eighth of the customers and houses most of those. `taken` are accounts that stay out of it. */
export const planRoutine = (accounts: readonly Account[], taken: ReadonlySet<number>, transactions: number, seed: number): Routine => {
  const random = randomFrom(seed, 'routine');
  const firms = accounts.filter(({ owner }) => owner.kind === 'employer');
  const landlords = accounts.filter(({ owner }) => owner.kind === 'landlord');
  const fit = accounts.filter(
    ({ id, owner, type, currency, status, endedAt }) =>
      owner.kind === 'customer' && type === 'current' && currency === 'EUR' && status === 'active' && endedAt === null && !taken.has(id),
  );
  const hired = fit.filter((_, index) => (index * 257) % fit.length < transactions * 0.0043);
  const pays = hired.map(account => ({ account, cents: random.between(90_000, 195_000) }));
  const tenancies = pays
    .filter((_, index) => index % 10 < 8)
    .map(({ account, cents }, index) => ({
      account,
      // Below what makes a first transfer remarkable, and below what leaves of the wages of that hour
      cents: Math.min(98_000, Math.round((cents * random.between(45, 75)) / 10_000) * 100) + random.pick([0, 0, 50]),
      landlord: index % 3 === 2 ? undefined : landlords[index % landlords.length],
    }));
  const rents = new Map<Account, number>();
  for (const { landlord, cents } of tenancies) if (landlord) rents.set(landlord, (rents.get(landlord) ?? 0) + cents);
  return {
    employers: firms.map((account, index) => ({
      account,
      group: index % 2,
      staff: pays.filter((_, place) => place % firms.length === index),
    })),
    tenancies,
    rents,
  };
};

/** Firms pay wages and landlords take in rents beyond what the defaults allow. */
export const firmOverrides = ({ employers, rents }: Routine): readonly Override[] => [
  ...employers.flatMap(({ account }) => [
    {
      account: account.id,
      type: 'deposit' as const,
      single: 20_000_000,
      daily: 40_000_000,
      reason: 'wages are funded the evening before payday',
    },
    { account: account.id, type: 'transfer' as const, single: 500_000, daily: 20_000_000, reason: 'pays the wages of its staff' },
  ]),
  ...[...rents.keys()].map(({ id }) => ({
    account: id,
    type: 'withdrawal' as const,
    single: 10_000_000,
    daily: 20_000_000,
    reason: 'pays the loan on its houses',
  })),
];

const wages = ({ employers }: Routine, day: BankDay, random: Random): Posting[] =>
  employers.flatMap(({ account, group, staff }, firm) => {
    if (!isPayday(day, group)) return [];
    const open = staff.filter(pay => (pay.account.activatedAt ?? Infinity) < day.start);
    if (open.length === 0) return [];
    const start = timeOn(day, 6) + (firm % 60) * minute;
    const funds = open.reduce((sum, { cents }) => sum + cents, 0) + random.between(2_000, 60_000);
    return [
      deposit(timeOn(day, 4.5) + firm, account.id, funds, { counterparty: 'Deutsche Handelskasse', description: 'Wage funding' }),
      ...open.map((pay, index) =>
        transfer(start + index * 3 * minute + random.below(60_000), account.id, pay.account.id, pay.cents, {
          channel: 'internal',
          description: `Salary ${day.day.slice(0, 7)} ${account.owner.firstName} ${account.owner.lastName}`,
        }),
      ),
    ];
  });

const rent = ({ tenancies }: Routine, day: BankDay, random: Random): Posting[] => {
  if (!isRentDay(day)) return [];
  const description = `Rent ${months[Number(day.day.slice(5, 7)) - 1] ?? ''}`;
  return tenancies.flatMap(({ account, cents, landlord }, index) => {
    // Nobody pays rent before the first two wages came in
    if ((account.activatedAt ?? Infinity) > day.start - 30 * wholeDay || (landlord?.activatedAt ?? 0) > day.start) return [];
    const at = timeOn(day, 5) + random.below(90 * minute);
    if (landlord) return [transfer(at, account.id, landlord.id, cents, { channel: 'standing order', description })];
    return [
      withdrawal(at, account.id, cents, { channel: 'standing order', counterparty: estates[index % estates.length] ?? null, description }),
    ];
  });
};

const loans = ({ rents }: Routine, day: BankDay): Posting[] =>
  day.dayOfMonth === 3
    ? [...rents].map(([{ id }, cents], index) =>
        withdrawal(timeOn(day, 9) + index * minute, id, Math.round(cents * 0.8), {
          channel: 'standing order',
          counterparty: 'Hypothekenbank Nord',
          description: 'Loan instalment',
          atMost: 'all',
        }),
      )
    : [];

/** What the calendar makes people do on a day, unsorted. */
export const routineOf = (routine: Routine, day: BankDay, seed: number): readonly Posting[] => {
  const random = randomFrom(seed, `routine ${day.number}`);
  return [...wages(routine, day, random), ...rent(routine, day, random), ...loans(routine, day)];
};
