import { formatMoney } from '../domain/money.ts';
import type { Observed } from './define-rule.ts';

/** The account whose limits count for transaction `t`: whoever sends, or receives where the sender is outside. */
export const actor = 'coalesce(t.from_account_id, t.to_account_id)';

/**
 * The default limit of each type and currency in minor units, and the lowest that any account has of that type: what is below a share of that
 * needs no closer look.
 */
export const bounds = (kind: 'single' | 'daily'): string => `bounds AS MATERIALIZED (
      SELECT d.type, c.code AS currency, x.unit, d.${kind}_units * x.unit AS usual, least(d.${kind}_units * x.unit, o.lowest) AS lowest
        FROM bank.limit_default d
       CROSS JOIN bank.currency c
       CROSS JOIN LATERAL (SELECT (10::numeric ^ c.exponent)::bigint AS unit) x
        LEFT JOIN (SELECT type, min(${kind}) AS lowest FROM bank.limit_override GROUP BY type) o ON o.type = d.type)`;

/** The limit in force for transaction `t` when it was posted, in minor units: bank.limits_of as of that moment. `b` is its row of the bounds. */
export const limitOf = (kind: 'single' | 'daily'): string => `coalesce(
       (SELECT o.${kind} FROM bank.limit_override o
         WHERE o.account_id = ${actor} AND o.type = t.type AND o.created_at <= t.posted_at AND (o.expires_at IS NULL OR o.expires_at > t.posted_at)
         ORDER BY o.id DESC LIMIT 1), b.usual)`;

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
