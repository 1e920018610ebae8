import { defineRule } from './define-rule.ts';
import { money, number } from './parts.ts';

export const r06Dormant = defineRule({
  id: 6,
  title: 'Dormant account',
  score: 40,
  version: 1,
  explanation:
    'Money leaves an account on which nothing had been posted for half a year: somebody may have taken over what its owner forgot.',
  parameters: {
    days: { label: 'Nothing posted for', unit: 'days', usual: 180, min: 14, max: 3_650 },
    least: { label: 'Debit of at least', unit: 'units', usual: 100, min: 1, max: 1_000_000 },
  },
  sql: `
    WITH coin AS MATERIALIZED (SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least FROM bank.currency),
         debit AS MATERIALIZED (
      SELECT t.id, t.from_account_id, t.amount, t.currency, t.posted_at
        FROM bank.transaction t
        JOIN coin ON coin.code = t.currency
       WHERE t.posted_at >= :from AND t.posted_at < :to AND t.from_account_id IS NOT NULL AND t.type <> 'reversal' AND t.amount >= coin.least)
    SELECT t.from_account_id AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('amount', t.amount::text, 'currency', t.currency,
                              'days', floor(extract(epoch FROM t.posted_at - before.posted_at) / 86400)::int) AS observed
      FROM debit t
     CROSS JOIN LATERAL (
       SELECT greatest(
         (SELECT o.posted_at FROM bank.transaction o WHERE o.from_account_id = t.from_account_id AND (o.posted_at, o.id) < (t.posted_at, t.id)
           ORDER BY o.posted_at DESC, o.id DESC LIMIT 1),
         (SELECT i.posted_at FROM bank.transaction i WHERE i.to_account_id = t.from_account_id AND (i.posted_at, i.id) < (t.posted_at, t.id)
           ORDER BY i.posted_at DESC, i.id DESC LIMIT 1)) AS posted_at) before
     WHERE before.posted_at <= t.posted_at - :days * interval '1 day'`,
  words: (observed, { days }) =>
    `debit of ${money(observed, 'amount')} after ${number(observed['days'])} days without a posting, limit ${number(days)}`,
});
