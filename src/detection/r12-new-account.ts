import { defineRule } from './define-rule.ts';
import { money, number } from './parts.ts';

export const r12NewAccount = defineRule({
  id: 12,
  title: 'New account',
  score: 35,
  version: 1,
  explanation:
    'Much leaves an account within the first days after it was opened, in one debit or several: it may have been opened for that alone.',
  parameters: {
    days: { label: 'Opened less than', unit: 'days', usual: 7, min: 1, max: 90 },
    least: { label: 'Debits in all', unit: 'units', usual: 2_000, min: 1, max: 1_000_000 },
  },
  sql: `
    WITH coin AS MATERIALIZED (SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least FROM bank.currency),
         out AS (
      SELECT a.id AS account_id, a.opened_at, a.currency, t.id, t.posted_at,
             sum(t.amount) OVER so_far AS gone, count(*) OVER so_far AS debits, array_agg(t.id) OVER so_far AS ids
        FROM bank.account a
        JOIN bank.transaction t ON t.from_account_id = a.id AND t.type <> 'reversal' AND t.posted_at < :to
                               AND t.posted_at < a.opened_at + :days * interval '1 day'
       WHERE a.opened_at > :from - :days * interval '1 day' AND a.opened_at < :to
      WINDOW so_far AS (PARTITION BY a.id ORDER BY t.posted_at, t.id))
    SELECT o.account_id, o.id AS last_id, o.ids[greatest(1, cardinality(o.ids) - 199):] AS transaction_ids, o.posted_at AS at,
           jsonb_build_object('gone', o.gone::text, 'currency', o.currency, 'debits', o.debits,
                              'days', floor(extract(epoch FROM o.posted_at - o.opened_at) / 86400)::int) AS observed
      FROM out o
      JOIN coin ON coin.code = o.currency
     WHERE o.posted_at >= :from AND o.gone >= coin.least`,
  words: (observed, { least }) =>
    `${money(observed, 'gone')} out in ${number(observed['debits'])} ${observed['debits'] === 1 ? 'debit' : 'debits'}, ` +
    `opened ${number(observed['days'])} days before, limit ${number(least)}`,
});
