import { defineRule } from './define-rule.ts';
import { actor, limitOf, money, number } from './parts.ts';

export const r16NearTheDailyLimit = defineRule({
  id: 16,
  title: 'Near the daily limit',
  score: 15,
  version: 1,
  explanation: 'What an account posted of one type on one business day comes near its daily limit, as it was in force at that moment.',
  parameters: {
    percent: { label: 'Share of the daily limit', unit: 'percent', usual: 90, min: 10, max: 100 },
  },
  sql: `
    WITH day AS (
      SELECT ${actor} AS account_id, t.id, t.type, t.posted_at, t.currency, t.from_account_id, t.to_account_id,
             sum(t.amount) OVER so_far AS used, array_agg(t.id) OVER so_far AS ids
        FROM bank.transaction t
       WHERE t.posted_at >= :from - interval '25 hours' AND t.posted_at < :to AND t.business_day >= bank.business_day(:from) AND t.type <> 'reversal'
      WINDOW so_far AS (PARTITION BY ${actor}, t.type, t.business_day ORDER BY t.posted_at, t.id))
    SELECT t.account_id, t.id AS last_id, t.ids[greatest(1, cardinality(t.ids) - 199):] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('used', t.used::text, 'limit', l.daily::text, 'currency', t.currency, 'type', t.type) AS observed
      FROM day t
      JOIN bank.limit_default d ON d.type = t.type
      JOIN bank.currency c ON c.code = t.currency
     CROSS JOIN LATERAL (SELECT ${limitOf('daily')} AS daily) l
     WHERE t.posted_at >= :from AND t.used >= l.daily * :percent / 100`,
  words: (observed, { percent }) =>
    `${observed['type']}s of ${money(observed, 'used')} in one day, ${number(percent)} % of the daily limit of ${money(observed, 'limit')} and more`,
});
