import { defineRule } from './define-rule.ts';
import { actor, bounds, limitOf, money, number } from './parts.ts';

export const r01Large = defineRule({
  id: 1,
  title: 'Large',
  score: 30,
  version: 1,
  explanation:
    'One posting takes a large share of the single limit. The limit is that of the account whose limits count (who sends, or who pays in), for that ' +
    'type, as it was in force at that moment: accounts with a limit of their own are measured by it.',
  parameters: {
    percent: { label: 'Share of the single limit', unit: 'percent', usual: 80, min: 10, max: 100 },
  },
  sql: `
    WITH ${bounds('single')}
    SELECT ${actor} AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('amount', t.amount::text, 'limit', l.single::text, 'currency', t.currency, 'type', t.type) AS observed
      FROM bank.transaction t
      JOIN bounds b ON b.type = t.type AND b.currency = t.currency
     CROSS JOIN LATERAL (SELECT ${limitOf('single')} AS single) l
     WHERE t.posted_at >= :from AND t.posted_at < :to AND t.amount * 100 >= b.lowest * :percent AND t.amount * 100 >= l.single * :percent`,
  words: (observed, { percent }) =>
    `${observed['type']} of ${money(observed, 'amount')}, ${number(percent)} % of the single limit of ${money(observed, 'limit')} and more`,
});
