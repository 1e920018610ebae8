import type { Account } from './accounts.ts';
import { timeOn, type BankDay } from './bank-days.ts';
import type { Ledger } from './ledger.ts';
import { bills, merchants, messages, nightMerchants, payers, type Merchant } from './merchants.ts';
import { deposit, transfer, withdrawal, type Posting } from './posting.ts';
import type { Random } from './random.ts';

/** How busy each hour of the day is, from midnight on. */
const hours = [4, 3, 2, 1, 1, 3, 10, 28, 46, 52, 58, 66, 82, 70, 58, 56, 64, 78, 84, 66, 44, 28, 16, 8];
const busy = hours.flatMap((weight, at) => Array.from({ length: weight }, () => at));

/** Volume by weekday, Sunday first. */
const weekdays = [0.55, 0.95, 0.95, 1, 1.05, 1.25, 1.05];

/** How much is bought on a day, against an average one; the bank grows. */
export const weightOf = (day: BankDay, index: number, days: number): number =>
  (weekdays[day.weekday] ?? 1) * (0.75 + (0.5 * index) / days) * (day.dayOfMonth > 27 ? 1.12 : 1);

/** Times of so many purchases before `until`, in order. */
export const purchaseTimes = (count: number, day: BankDay, until: number, random: Random): readonly number[] =>
  Array.from({ length: count }, () => {
    const at = timeOn(day, random.pick(busy) + random.next());
    return at < until ? at : day.start + Math.floor(random.next() * (until - day.start));
  }).sort((a, b) => a - b);

/** Silence around planted cases: whoever is in it does nothing else. */
export type Quiet = ReadonlyMap<number, readonly (readonly [from: number, to: number])[]>;
export const isQuiet = (quiet: Quiet, account: number, at: number): boolean =>
  quiet.get(account)?.some(([from, to]) => at >= from && at <= to) ?? false;

/** Somebody who spends, and their other account. */
export type Spender = { readonly account: Account; readonly own: Account | undefined };
type Company = { readonly others: readonly Spender[]; readonly night: boolean };

/** The accounts by which people buy, in the order of activation, busy ones more than once; owls apart. */
export const spendersAmong = (
  accounts: readonly Account[],
  random: Random,
): { readonly day: readonly Spender[]; readonly night: readonly Spender[] } => {
  const other = new Map<number, Account>();
  for (const account of accounts) if (account.currency === 'EUR' && account.status === 'active') other.set(account.owner.id, account);
  const spenders = accounts
    .filter(({ activatedAt, owner }) => activatedAt !== null && owner.kind === 'customer')
    .toSorted((a, b) => (a.activatedAt ?? 0) - (b.activatedAt ?? 0))
    .map(account => ({
      account,
      own: account.currency === 'EUR' && other.get(account.owner.id) !== account ? other.get(account.owner.id) : undefined,
    }));
  const day = spenders.flatMap(spender =>
    Array.from({ length: spender.account.type === 'current' ? random.pick([1, 2, 3, 4, 6]) : 1 }, () => spender),
  );
  return { day, night: spenders.filter(({ account }) => account.owner.owl && account.type === 'current') };
};

const rounded = (random: Random, { median, spread }: Merchant, unit: number): number =>
  Math.max(1, Math.round(Math.min(random.around(median, spread), 1_200) * unit));

const words = ({ name, description, channel }: Merchant) => ({ counterparty: name, description, channel });

/** Money from outside. Whoever will close the account soon keeps little on it. */
const income = (at: number, account: Account, ledger: Ledger, random: Random): Posting => {
  const payer = random.pick(payers);
  const unit = ledger.unit(account.id);
  const amount = account.endedAt === null ? rounded(random, payer, unit) : random.between(60, 260) * unit;
  return deposit(
    at,
    account.id,
    amount,
    payer.channel === 'branch' ? { channel: random.pick(['branch', 'atm'] as const), description: payer.description } : words(payer),
  );
};

const toSomebody = (at: number, { account, own }: Spender, others: readonly Spender[], random: Random): Posting | undefined => {
  if (account.currency !== 'EUR') return undefined;
  if (own && random.chance(0.35))
    return transfer(at, account.id, own.id, random.between(2, 60) * 500, { channel: 'internal', description: 'Own account' });
  const { account: payee } = random.pick(others);
  if (payee.id === account.id || payee.currency !== 'EUR' || payee.endedAt !== null) return undefined;
  return transfer(at, account.id, payee.id, Math.round(random.around(34, 0.9) * 100), { description: random.pick(messages) });
};

/** What one spender does at that moment, whether or not the money is there. */
export const purchase = (at: number, spender: Spender, { others, night }: Company, ledger: Ledger, random: Random): Posting => {
  const { account } = spender;
  const unit = ledger.unit(account.id);
  const kind = random.next();
  if (kind < 0.09 && ledger.balance(account.id) < (account.endedAt === null ? 4_000 : 500) * unit)
    return income(at, account, ledger, random);
  if (kind < 0.19)
    return withdrawal(at, account.id, random.pick([20, 30, 40, 50, 50, 60, 80, 100, 100, 150, 200, 300]) * unit, {
      channel: 'atm',
      description: 'Cash withdrawal',
    });
  if (kind < 0.3) return toSomebody(at, spender, others, random) ?? income(at, account, ledger, random);
  const merchant = random.pick(kind < 0.36 ? bills : night ? nightMerchants : merchants);
  return withdrawal(at, account.id, rounded(random, merchant, unit), words(merchant));
};

/** Pays in when the money was not there. */
export const topUp = (at: number, { account }: Spender, ledger: Ledger, random: Random): Posting => income(at, account, ledger, random);
