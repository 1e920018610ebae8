import { formatMoney } from '../domain/money.ts';
import type { Observed } from './define-rule.ts';

/** The account whose limits count for transaction `t`: whoever sends, or receives where the sender is outside. */
export const actor = 'coalesce(t.from_account_id, t.to_account_id)';

/**
 * The limit that was in force for transaction `t` when it was posted, in minor units: bank.limits_of as of that moment. Needs `d`, the row of
 * bank.limit_default, and `c`, that of bank.currency.
 */
export const limitOf = (kind: 'single' | 'daily'): string => `coalesce(
  (SELECT o.${kind} FROM bank.limit_override o
    WHERE o.account_id = ${actor} AND o.type = t.type AND o.created_at <= t.posted_at AND (o.expires_at IS NULL OR o.expires_at > t.posted_at)
    ORDER BY o.id DESC LIMIT 1),
  d.${kind}_units * (10::numeric ^ c.exponent)::bigint)`;

/** Minutes between two instants, begun ones counted, and at least one. */
export const minutesBetween = (since: string, until: string): string =>
  `greatest(1, ceil(extract(epoch FROM ${until} - ${since}) / 60))::int`;

/** An observed amount as people write it. */
export const money = (observed: Observed, name: string): string => formatMoney(BigInt(observed[name] ?? 0), String(observed['currency']));

/** A whole number, in groups. */
export const number = (value: number | string | undefined): string => Number(value ?? 0).toLocaleString('en');

/** `43 min`, `7 h`. */
export const span = (minutes: number | string | undefined): string =>
  Number(minutes) <= 90 ? `${minutes} min` : `${Math.round(Number(minutes) / 60)} h`;
