import type { Account } from './accounts.ts';
import { hour, timeOn, wholeDay, type BankDay } from './bank-days.ts';
import type { Random } from './random.ts';

/** When a case ends. What lies long before is counted from `base`, which is the same all day even where the end moves with the clock. */
export type Moment = { readonly at: number; readonly base: number };

/** How many days of history a rule's shape needs at most before its end. */
const history: Readonly<Record<string, number>> = { R6: 216, R11: 99 };

const isPlain = ({ owner, currency, status, endedAt, activatedAt }: Account): boolean =>
  owner.kind === 'customer' &&
  !owner.owl &&
  owner.status === 'active' &&
  currency === 'EUR' &&
  status === 'active' &&
  endedAt === null &&
  activatedAt !== null;

/** Whether a rule's shape can be planted on an account. Rule 12 wants a new account, the others one of the first days. */
export const suits = (rule: string, account: Account, { base }: Moment, launch: number): boolean => {
  if (!isPlain(account)) return false;
  const activatedAt = account.activatedAt ?? base;
  if (rule === 'R12') return account.openedAt > base - 5.5 * wholeDay && activatedAt < base - 26 * hour;
  return account.type === 'current' && activatedAt < Math.min(base - (history[rule] ?? 4) * wholeDay, launch + 60 * wholeDay);
};

/** On a day of the past, after office hours; a night case in the small hours. */
export const pastMoment = (rule: string, days: readonly BankDay[], random: Random): Moment => {
  const day = days[random.between(Math.max(90, (history[rule] ?? 0) + 65), days.length - 4)];
  if (!day) throw new RangeError('the history is too short for planted cases');
  const at = rule === 'R8' ? timeOn(day, 1.5 + random.next() * 2.5) : timeOn(day, 21.2 + random.next() * 2);
  return { at, base: at };
};

/** Within the last hours; a night case in the last night. */
export const freshMoment = (rule: string, days: readonly BankDay[], now: number, random: Random): Moment => {
  const [yesterday, today] = days.slice(-2);
  if (!yesterday || !today) throw new RangeError('a bank has at least two days');
  const base = today.start;
  const draw = random.next();
  const hours = (now - base) / hour;
  if (rule === 'R8')
    return { at: hours > 0.5 ? timeOn(today, Math.min(4, hours - 0.2) * (0.4 + 0.6 * draw)) : timeOn(yesterday, 1.5 + 2.5 * draw), base };
  // All of a daily limit has to fall on one day
  if (rule === 'R16' && hours < 6) return { at: timeOn(yesterday, 22.5), base };
  return { at: now - Math.floor((0.2 + draw * 2.3) * hour), base };
};
