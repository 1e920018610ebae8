import { defineRule } from './define-rule.ts';
import { minutesBetween, money, number, span } from './parts.ts';

const changes: Readonly<Record<string, string>> = { password_reset: 'a password reset', mfa_reset: 'a reset of the second factor' };

export const r15CredentialChange = defineRule({
  id: 15,
  title: 'After a credential change',
  score: 45,
  version: 1,
  explanation:
    "A large debit within a day of a reset of its owner's password or second factor, or of the owner's sign-in from an address not seen in three months and " +
    'other than the last one: somebody else may have got in. The very first sign-in of a user is no new address.',
  parameters: {
    least: { label: 'Debit of at least', unit: 'units', usual: 500, min: 1, max: 1_000_000 },
    hours: { label: 'Within', unit: 'hours', usual: 24, min: 1, max: 168 },
    days: { label: 'Address not seen for', unit: 'days', usual: 90, min: 7, max: 365 },
  },
  sql: `
    WITH coin AS MATERIALIZED (SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least FROM bank.currency),
         debit AS MATERIALIZED (
      SELECT t.id, t.from_account_id, t.amount, t.currency, t.posted_at
        FROM bank.transaction t
        JOIN coin ON coin.code = t.currency
       WHERE t.posted_at >= :from AND t.posted_at < :to AND t.from_account_id IS NOT NULL AND t.type <> 'reversal' AND t.amount >= coin.least)
    SELECT t.from_account_id AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('amount', t.amount::text, 'currency', t.currency, 'event', change.type, 'ip', host(change.ip),
                              'minutes', ${minutesBetween('change.at', 't.posted_at')}) AS observed
      FROM debit t
      JOIN bank.account a ON a.id = t.from_account_id
     CROSS JOIN LATERAL (
       SELECT e.type, e.ip, e.at
         FROM bank.auth_event e
        WHERE e.user_id = a.user_id AND e.at >= t.posted_at - :hours * interval '1 hour' AND e.at <= t.posted_at
          AND (e.type IN ('password_reset', 'mfa_reset')
               OR e.type = 'login_success'
                  AND e.ip <> (SELECT l.ip FROM bank.auth_event l WHERE l.user_id = e.user_id AND l.type = 'login_success' AND (l.at, l.id) < (e.at, e.id)
                                ORDER BY l.at DESC, l.id DESC LIMIT 1)
                  AND NOT EXISTS (SELECT FROM bank.auth_event k
                                   WHERE k.user_id = e.user_id AND k.type = 'login_success' AND k.ip = e.ip
                                     AND k.at >= e.at - :days * interval '1 day' AND (k.at, k.id) < (e.at, e.id)))
        ORDER BY e.at DESC, e.id DESC LIMIT 1) change`,
  words: (observed, { hours }) =>
    `debit of ${money(observed, 'amount')} ${span(observed['minutes'])} after ` +
    `${changes[String(observed['event'])] ?? `a sign-in from ${observed['ip']}, a new address`}, limit ${number(hours)} h`,
});
