import { z } from 'zod';
import { formatShortInstant } from './day.ts';
import { formatAmount } from './money.ts';
import { bar } from './sparkline.ts';

/** What is limited: a reversal is not. */
const limitTypes = ['deposit', 'withdrawal', 'transfer'] as const;
export type LimitType = (typeof limitTypes)[number];
export const LimitType = z.enum(limitTypes).meta({ title: 'Kind of posting' });

/** An override ends by itself after so many days; the database allows no more. */
const longestOverride = 90;
export const OverrideDays = z.coerce
  .number('is no number')
  .int('is no whole number')
  .min(1, 'is at least 1')
  .max(longestOverride, `is at most ${longestOverride}`)
  .meta({ title: `For how many days (at most ${longestOverride})` });

/** What may be posted at once and in a day; minor units. */
export type Limits = { readonly single: bigint; readonly daily: bigint };

/** The limits in force today and how much of them is used. */
export type LimitUse = Limits & {
  readonly type: LimitType;
  readonly used: bigint;
  /** Whether they are not the default. */
  readonly overridden: boolean;
  /** When the default counts again; null where it never does by itself. */
  readonly expiresAt: Date | null;
};

/** Whole percent: 100 only when all is used, 0 only when nothing is. An override that ended can leave more used than there is. */
export const percentUsed = ({ used, daily }: Pick<LimitUse, 'used' | 'daily'>): number =>
  used === 0n ? 0 : daily <= 0n ? 100 : Math.max(1, Number((used * 100n) / daily));

/** `[#######...]  70 %`. */
export const usageBar = (use: Pick<LimitUse, 'used' | 'daily'>, width = 10): string =>
  `${bar(use.used, use.daily, width)} ${String(percentUsed(use)).padStart(3)} %`;

export const leftOf = ({ used, daily }: Pick<LimitUse, 'used' | 'daily'>): bigint => (daily > used ? daily - used : 0n);

/** How long an override counts. */
export const until = (expiresAt: Date | null): string => (expiresAt ? `until ${formatShortInstant(expiresAt)}` : 'without end');

const inUnits = (use: LimitUse, currency: string): readonly string[] =>
  [use.used, use.daily, leftOf(use), use.single].map(amount => formatAmount(amount, currency));
const ending = ({ overridden, expiresAt }: LimitUse): string => (overridden ? `, overridden ${until(expiresAt)}` : '');

/** `[#######...]  70 %  3,500.00 of 5,000.00, 1,500.00 left, single 2,000.00`. */
export const usageInWords = (use: LimitUse, currency: string): string => {
  const [used, daily, left, single] = inUnits(use, currency);
  return `${usageBar(use)}  ${used} of ${daily}, ${left} left, single ${single}${ending(use)}`;
};

/** `[#######...] 3,500.00 of 5,000.00, single 2,000.00`, where there is more to show than limits. */
export const usageInShort = (use: LimitUse, currency: string): string => {
  const [used, daily, , single] = inUnits(use, currency);
  return `${bar(use.used, use.daily)} ${used} of ${daily}, single ${single}${ending(use)}`;
};

type Standing = { readonly number: string; readonly status: string };

/** Why the limits of an account may not be overridden, or undefined if they may. */
export const whyNotOverride = ({ number, status }: Standing): string | undefined =>
  status === 'active' ? undefined : `${number} is ${status}: only an active account posts up to its limits`;
