import { defineRule } from './define-rule.ts';
import { money, number } from './parts.ts';

export const r08Night = defineRule({
  id: 8,
  title: 'By night',
  score: 15,
  version: 1,
  explanation:
    "A large debit in the small hours of the bank's own time zone, on an account that is hardly ever used by night. Whoever always pays by night is left alone.",
  parameters: {
    until: { label: 'From midnight until', unit: 'hours', usual: 5, min: 1, max: 12 },
    least: { label: 'Debit of at least', unit: 'units', usual: 500, min: 1, max: 1_000_000 },
    percent: { label: 'Own share of debits by night below', unit: 'percent', usual: 5, min: 1, max: 100 },
    days: { label: 'Looked at before', unit: 'days', usual: 90, min: 7, max: 365 },
  },
  sql: `
    WITH coin AS MATERIALIZED (SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least FROM bank.currency),
         late AS MATERIALIZED (
      SELECT t.id, t.from_account_id, t.posted_at, t.amount, t.currency, z.time_zone
        FROM bank.transaction t
        JOIN coin ON coin.code = t.currency
       CROSS JOIN bank.calendar z
       WHERE t.posted_at >= :from AND t.posted_at < :to AND t.from_account_id IS NOT NULL AND t.type <> 'reversal' AND t.amount >= coin.least
         AND extract(hour FROM t.posted_at AT TIME ZONE z.time_zone) < :until)
    SELECT t.from_account_id AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('amount', t.amount::text, 'currency', t.currency, 'clock', to_char(t.posted_at AT TIME ZONE t.time_zone, 'HH24:MI'),
                              'debits', own.debits, 'nights', own.nights) AS observed
      FROM late t
     CROSS JOIN LATERAL (
       SELECT count(*) AS debits, count(*) FILTER (WHERE extract(hour FROM s.posted_at AT TIME ZONE t.time_zone) < :until) AS nights
         FROM bank.transaction s
        WHERE s.from_account_id = t.from_account_id AND s.type <> 'reversal'
          AND s.posted_at >= t.posted_at - :days * interval '1 day' AND (s.posted_at, s.id) < (t.posted_at, t.id)) own
     WHERE own.nights = 0 OR own.nights * 100 < own.debits * :percent`,
  words: (observed, { days }) =>
    `debit of ${money(observed, 'amount')} at ${observed['clock']}; ${number(observed['nights'])} of ${number(observed['debits'])} debits by night ` +
    `in the ${number(days)} days before`,
});
