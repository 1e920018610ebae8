import { hour, minute, wholeDay } from './bank-days.ts';
import type { Person } from './person.ts';
import { randomFrom, type Random } from './random.ts';
import type { Scale } from './scale.ts';

type PlannedStatus = 'pending' | 'active' | 'frozen' | 'closed' | 'rejected';

/** An account as planned; ids follow the order of opening. */
export type Account = {
  readonly id: number;
  readonly number: string;
  readonly owner: Person;
  readonly type: 'current' | 'savings';
  readonly currency: string;
  readonly status: PlannedStatus;
  readonly openedAt: number;
  readonly openedBy: number | null;
  /** From then on it takes postings; null where it never did. */
  readonly activatedAt: number | null;
  /** Frozen or closed from then on. */
  readonly endedAt: number | null;
};

type Draft = { -readonly [Key in keyof Omit<Account, 'id' | 'number'>]: Account[Key] };

/** The same numbers as bank.next_account_number gives. */
export const accountNumber = (id: number): string => `4471${String((id * 61_909_351) % 100_000_000).padStart(8, '0')}`;

const foreign = ['USD', 'GBP', 'CHF', 'CHF', 'USD', 'GBP', 'JPY', 'KWD'];

const first = (owner: Person, now: number, random: Random): Draft => {
  const firm = owner.kind === 'employer' || owner.kind === 'landlord';
  const applied = owner.kind === 'applicant';
  const openedAt = owner.createdAt + random.between(applied ? 0 : 5, applied ? 2 : 90) * minute;
  const activatedAt = openedAt + (firm ? 3 : random.between(1, 40)) * hour;
  const currency = !firm && random.chance(0.03) ? random.pick(foreign) : 'EUR';
  const type = firm || random.chance(0.7) ? ('current' as const) : ('savings' as const);
  const pending = applied || activatedAt > now - hour;
  return {
    owner,
    type,
    currency,
    status: pending ? 'pending' : 'active',
    openedAt: Math.min(openedAt, now - minute),
    openedBy: owner.createdBy,
    activatedAt: pending ? null : activatedAt,
    endedAt: null,
  };
};

/** Some customers take a second account of the other kind later. */
const seconds = (count: number, firsts: readonly Draft[], now: number, random: Random): Draft[] => {
  const early = firsts.filter(
    ({ owner, openedAt, status }) => owner.kind === 'customer' && status === 'active' && openedAt < now - 20 * wholeDay,
  );
  return Array.from({ length: count }, (_, index) => {
    const of = early[Math.floor((index * early.length) / count)];
    if (!of) throw new RangeError('there are too few customers for that many accounts');
    const openedAt = Math.floor(of.openedAt + random.next() * (now - 6 * wholeDay - of.openedAt));
    return {
      ...of,
      type: of.type === 'current' ? 'savings' : 'current',
      currency: 'EUR',
      openedAt,
      activatedAt: openedAt + random.between(2, 72) * hour,
    };
  });
};

/** Changes the status of some active accounts that fit; each at most once. */
const befall = (
  drafts: readonly Draft[],
  count: number,
  fits: (draft: Draft) => boolean,
  change: (draft: Draft, index: number) => void,
  random: Random,
): void => {
  let changed = 0;
  for (let tries = 0; changed < count && tries < count * 400; tries++) {
    const draft = random.pick(drafts);
    if (draft.status === 'active' && draft.owner.kind === 'customer' && draft.currency === 'EUR' && fits(draft)) change(draft, changed++);
  }
};

const fates = (drafts: Draft[], later: Draft[], scale: Scale, now: number, random: Random): void => {
  const share = (part: number): number => Math.max(4, Math.round(scale.accounts * part));
  const reject = (draft: Draft): void => {
    Object.assign(draft, { status: 'rejected', activatedAt: null, endedAt: draft.openedAt + random.between(5, 70) * hour });
  };
  const close = (draft: Draft): void => {
    const from = Math.max(draft.openedAt + 60 * wholeDay, now - 250 * wholeDay);
    Object.assign(draft, { status: 'closed', endedAt: Math.floor(from + random.next() * (now - 3 * wholeDay - from)) });
  };
  // Some freezes are overdue for review
  const freeze = (draft: Draft, index: number): void => {
    Object.assign(draft, { status: 'frozen', endedAt: Math.floor(now - (0.3 + ((index * 1.7) % 24)) * wholeDay) });
  };
  befall(later, share(0.012), () => true, reject, random);
  befall(drafts, share(0.02), ({ openedAt }) => openedAt < now - 90 * wholeDay, close, random);
  befall(drafts, share(0.008), ({ openedAt }) => openedAt < now - 60 * wholeDay, freeze, random);
};

/** Every account of the bank, in the order of opening. */
export const planAccounts = (scale: Scale, people: readonly Person[], now: number, seed: number): readonly Account[] => {
  const random = randomFrom(seed, 'accounts');
  const firsts = people.filter(({ kind }) => kind !== 'staff' && kind !== 'visitor').map(owner => first(owner, now, random));
  const later = seconds(scale.accounts - firsts.length, firsts, now, random);
  const drafts = [...firsts, ...later];
  fates(drafts, later, scale, now, random);
  return drafts
    .sort((a, b) => a.openedAt - b.openedAt)
    .map((draft, index) => ({ id: index + 1, number: accountNumber(index + 1), ...draft }));
};
