import { defineRule } from './define-rule.ts';
import { actor, money, number, span, minutesBetween } from './parts.ts';

export const r03Round = defineRule({
  id: 3,
  title: 'Round amounts',
  score: 15,
  version: 1,
  explanation:
    'Several large, round amounts within a day that the account itself sends, takes out or pays in: trade and wages are seldom round. ' +
    'What others send to it does not count.',
  parameters: {
    count: { label: 'Postings', unit: 'count', usual: 3, min: 2, max: 100 },
    hours: { label: 'Within', unit: 'hours', usual: 24, min: 1, max: 168 },
    least: { label: 'Each at least', unit: 'units', usual: 500, min: 1, max: 1_000_000 },
    multiple: { label: 'Each a multiple of', unit: 'units', usual: 100, min: 1, max: 100_000 },
  },
  sql: `
    WITH coin AS MATERIALIZED (
      SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least, (:multiple * 10::numeric ^ exponent)::bigint AS multiple FROM bank.currency)
    SELECT ${actor} AS account_id, t.id AS last_id, seen.ids AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('postings', seen.postings, 'total', seen.total::text, 'currency', t.currency,
                              'minutes', ${minutesBetween('seen.since', 't.posted_at')}) AS observed
      FROM bank.transaction t
      JOIN coin ON coin.code = t.currency
     CROSS JOIN LATERAL (
       SELECT count(*) AS postings, sum(s.amount) AS total, min(s.posted_at) AS since,
              (array_agg(s.id ORDER BY s.posted_at DESC, s.id DESC))[1:200] AS ids
         FROM (SELECT o.id, o.posted_at, o.amount FROM bank.transaction o
                WHERE o.from_account_id = ${actor} AND o.type <> 'reversal'
                  AND o.posted_at >= t.posted_at - :hours * interval '1 hour' AND (o.posted_at, o.id) <= (t.posted_at, t.id)
               UNION ALL
               SELECT i.id, i.posted_at, i.amount FROM bank.transaction i
                WHERE i.to_account_id = ${actor} AND i.type = 'deposit'
                  AND i.posted_at >= t.posted_at - :hours * interval '1 hour' AND (i.posted_at, i.id) <= (t.posted_at, t.id)) s
        WHERE s.amount >= coin.least AND s.amount % coin.multiple = 0) seen
     WHERE t.posted_at >= :from AND t.posted_at < :to AND t.type <> 'reversal'
       AND t.amount >= coin.least AND t.amount % coin.multiple = 0 AND seen.postings >= :count`,
  words: (observed, { count }) =>
    `${number(observed['postings'])} round amounts in ${span(observed['minutes'])}, ${money(observed, 'total')} in all, limit ${number(count)}`,
});
