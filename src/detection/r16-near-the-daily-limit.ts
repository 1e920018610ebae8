import { defineRule } from './define-rule.ts';
import { actor, bounds, limitOf, money, number } from './parts.ts';

/** The postings of accounts that come into question whose limits are those of the account on one side of them; each is added once. */
const side = (own: 'from_account_id' | 'to_account_id', types: string): string => `
    SELECT t.account_id, t.id AS last_id, newest.ids AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('used', t.used::text, 'limit', l.daily::text, 'currency', t.currency, 'type', t.type, 'postings', t.postings) AS observed
      FROM (SELECT b.account_id, b.usual, n.id, n.type, n.posted_at, n.business_day, n.currency, n.from_account_id, n.to_account_id,
                   sum(n.amount) OVER so_far AS used, count(*) OVER so_far AS postings
              FROM much b
              JOIN bank.transaction n ON n.${own} = b.account_id AND n.type = b.type
                                     AND n.posted_at > :from - interval '25 hours' AND n.posted_at < :to
             WHERE b.type IN (${types})
            WINDOW so_far AS (PARTITION BY b.account_id, n.type, n.business_day ORDER BY n.posted_at, n.id)) t
     CROSS JOIN LATERAL (SELECT t.usual) b
     CROSS JOIN LATERAL (SELECT ${limitOf('daily')} AS daily) l
     CROSS JOIN LATERAL (
       SELECT array_agg(s.id ORDER BY s.posted_at DESC, s.id DESC) AS ids
         FROM (SELECT i.id, i.posted_at FROM bank.transaction i
                WHERE i.${own} = t.account_id AND i.type = t.type AND i.business_day = t.business_day
                  AND i.posted_at > t.posted_at - interval '25 hours' AND (i.posted_at, i.id) <= (t.posted_at, t.id)
                ORDER BY i.posted_at DESC, i.id DESC LIMIT 200) s) newest
     WHERE t.posted_at >= :from AND t.used * 100 >= l.daily * :percent`;

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
    WITH ${bounds('daily')},
         -- Who posted so much at all: a business day has 25 hours at most
         much AS MATERIALIZED (
      SELECT ${actor} AS account_id, t.type, b.usual
        FROM bank.transaction t
        JOIN bounds b ON b.type = t.type AND b.currency = t.currency
       WHERE t.posted_at > :from - interval '25 hours' AND t.posted_at < :to
       GROUP BY ${actor}, t.type, b.usual, b.lowest
      HAVING sum(t.amount) * 100 >= b.lowest * :percent)${side('from_account_id', "'withdrawal', 'transfer'")}
    UNION ALL ${side('to_account_id', "'deposit'")}`,
  words: (observed, { percent }) =>
    `${observed['type']}s of ${money(observed, 'used')} in one day, ${number(percent)} % of the daily limit of ${money(observed, 'limit')} and more`,
});
