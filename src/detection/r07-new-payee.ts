import { defineRule } from './define-rule.ts';
import { money, number } from './parts.ts';

export const r07NewPayee = defineRule({
  id: 7,
  title: 'New payee, large',
  score: 35,
  version: 1,
  explanation:
    'The first transfer that an account ever sends to another is a large one: most people who are tricked pay somebody they never paid before.',
  parameters: {
    least: { label: 'Transfer of at least', unit: 'units', usual: 1_000, min: 1, max: 1_000_000 },
  },
  sql: `
    WITH coin AS MATERIALIZED (SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least FROM bank.currency)
    SELECT t.from_account_id AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('amount', t.amount::text, 'currency', t.currency, 'payee', t.to_account_id::text) AS observed
      FROM bank.transaction t
      JOIN coin ON coin.code = t.currency
     WHERE t.posted_at >= :from AND t.posted_at < :to AND t.type = 'transfer' AND t.amount >= coin.least
       AND NOT EXISTS (SELECT FROM bank.transaction o
                        WHERE o.from_account_id = t.from_account_id AND o.to_account_id = t.to_account_id AND o.type = 'transfer'
                          AND (o.posted_at, o.id) < (t.posted_at, t.id))`,
  words: (observed, { least }) => `first transfer to this payee, of ${money(observed, 'amount')}, limit ${number(least)}`,
});
