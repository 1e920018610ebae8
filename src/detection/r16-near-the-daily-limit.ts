import { defineRule } from './define-rule.ts';
import { actor, bounds, limitOf, money, number } from './parts.ts';

/** The postings of accounts that come into question whose limits are those of the account on one side of them. */
const side = (own: 'from_account_id' | 'to_account_id', types: string): string => `
    SELECT t.${own} AS account_id, t.id AS last_id, day.ids AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('used', day.used::text, 'limit', l.daily::text, 'currency', t.currency, 'type', t.type, 'postings', day.postings) AS observed
      FROM much b
      JOIN bank.transaction t ON t.${own} = b.account_id AND t.type = b.type AND t.posted_at >= :from AND t.posted_at < :to
     CROSS JOIN LATERAL (SELECT ${limitOf('daily')} AS daily) l
     CROSS JOIN LATERAL (
       SELECT sum(s.amount) AS used, count(*) AS postings, (array_agg(s.id ORDER BY s.posted_at DESC, s.id DESC))[1:200] AS ids
         FROM bank.transaction s
        WHERE s.${own} = t.${own} AND s.type = t.type AND s.business_day = t.business_day
          AND s.posted_at > t.posted_at - interval '25 hours' AND (s.posted_at, s.id) <= (t.posted_at, t.id)) day
     WHERE b.type IN (${types}) AND day.used * 100 >= l.daily * :percent`;

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
