import { defineRule } from './define-rule.ts';
import { minutesBetween, money, number, span } from './parts.ts';

export const r13LimitProbing = defineRule({
  id: 13,
  title: 'Limit probing',
  score: 25,
  version: 1,
  explanation:
    'Debits are refused again and again because they pass a limit, and the next one is posted: somebody feels for the limit. Only the first debit after the refusals counts.',
  parameters: {
    count: { label: 'Refused before', unit: 'count', usual: 3, min: 1, max: 100 },
    hours: { label: 'Within', unit: 'hours', usual: 24, min: 1, max: 168 },
  },
  sql: `
    WITH probed AS (
      SELECT r.from_account_id AS account_id
        FROM bank.posting_refusal r
       WHERE r.refused_at >= :from - :hours * interval '1 hour' AND r.refused_at < :to
         AND r.code IN ('single-limit', 'daily-limit') AND r.from_account_id IS NOT NULL
       GROUP BY 1 HAVING count(*) >= :count)
    SELECT t.from_account_id AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('refused', tried.refused, 'lowest', tried.lowest::text, 'amount', t.amount::text, 'currency', t.currency,
                              'minutes', ${minutesBetween('tried.first_at', 't.posted_at')}) AS observed
      FROM probed p
      JOIN bank.transaction t ON t.from_account_id = p.account_id AND t.posted_at >= :from AND t.posted_at < :to AND t.type <> 'reversal'
     CROSS JOIN LATERAL (
       SELECT count(*) AS refused, min(r.amount) AS lowest, min(r.refused_at) AS first_at, max(r.refused_at) AS last_at
         FROM bank.posting_refusal r
        WHERE r.from_account_id = t.from_account_id AND r.code IN ('single-limit', 'daily-limit')
          AND r.refused_at >= t.posted_at - :hours * interval '1 hour' AND r.refused_at <= t.posted_at) tried
     WHERE tried.refused >= :count
       AND NOT EXISTS (SELECT FROM bank.transaction o
                        WHERE o.from_account_id = t.from_account_id AND o.type <> 'reversal'
                          AND o.posted_at > tried.last_at AND (o.posted_at, o.id) < (t.posted_at, t.id))`,
  words: (observed, { count }) =>
    `${number(observed['refused'])} refused in ${span(observed['minutes'])}, the lowest of ${money(observed, 'lowest')}, then ${money(observed, 'amount')} posted, ` +
    `limit ${number(count)}`,
});
