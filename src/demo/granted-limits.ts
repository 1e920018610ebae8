import { copyRows, type Direct } from '../database/direct.ts';
import { hour, wholeDay } from './bank-days.ts';
import type { BankPlan } from './bank-plan.ts';
import { operatorId } from './operators.ts';

type Grant = {
  readonly type: 'deposit' | 'withdrawal' | 'transfer';
  /** Units of the currency. */
  readonly single: number;
  readonly daily: number;
  /** Days ago it was set, and for how many. */
  readonly set: number;
  readonly days: number;
  readonly by: 'demo' | 'mona';
  readonly reason: string;
  readonly ended?: { readonly ago: number; readonly note: string };
};

const granted: readonly Grant[] = [
  { type: 'transfer', single: 15_000, daily: 30_000, set: 4, days: 30, by: 'mona', reason: 'pays for a used car, the contract was seen' },
  { type: 'deposit', single: 20_000, daily: 40_000, set: 2, days: 14, by: 'demo', reason: 'sold her flat, the notary pays in two parts' },
  { type: 'withdrawal', single: 6_000, daily: 6_000, set: 1, days: 3, by: 'mona', reason: 'cash for a wedding, asked in the branch' },
  { type: 'transfer', single: 8_000, daily: 16_000, set: 58, days: 60, by: 'demo', reason: 'builders are paid by stages, offers seen' },
  { type: 'transfer', single: 12_000, daily: 12_000, set: 120, days: 30, by: 'mona', reason: 'deposit for a rented shop' },
  { type: 'withdrawal', single: 5_000, daily: 10_000, set: 40, days: 60, by: 'demo', reason: 'travels for two months with cash',
    ended: { ago: 9, note: 'back from the journey, called himself' } },
]; // prettier-ignore

const instant = (at: number): string => new Date(at).toISOString();

/** Limits that were overridden for a while, as somebody asked and another approved: some in force, one over, one ended early. */
export const fillGrantedLimits = async (client: Direct, { accounts, cases, overrides, midnight }: BankPlan): Promise<void> => {
  const elsewhere = new Set(overrides.map(({ account }) => account));
  const free = accounts.filter(
    ({ id, owner, status, type, currency, activatedAt }) =>
      owner.kind === 'customer' && status === 'active' && type === 'current' && currency === 'EUR' && !cases.taken.has(id) && !elsewhere.has(id) &&
      (activatedAt ?? midnight) < midnight - 150 * wholeDay,
  ); // prettier-ignore
  const step = Math.max(1, Math.floor(free.length / granted.length));
  const rows = granted.flatMap(({ type, single, daily, set, days, by, reason, ended }, index) => {
    const account = free[index * step];
    if (!account) return [];
    const setAt = midnight - set * wholeDay + 9 * hour;
    return [
      [
        overrides.length + 1 + index, account.id, type, single * 100, daily * 100, instant(setAt + days * wholeDay), reason, instant(setAt), operatorId(by),
        ended ? operatorId('mona') : null, ended ? instant(midnight - ended.ago * wholeDay + 14 * hour) : null, ended?.note ?? null,
      ],
    ]; // prettier-ignore
  });
  await copyRows(
    client,
    'bank.limit_override (id, account_id, type, single, daily, expires_at, reason, created_at, set_by, ended_by, ended_at, end_note)',
    rows,
  );
};
