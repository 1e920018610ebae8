import { defineRule } from './define-rule.ts';
import { bounds, limitOf, minutesBetween, money, number, span } from './parts.ts';

export const r05Structuring = defineRule({
  id: 5,
  title: 'Structuring',
  score: 50,
  version: 1,
  explanation:
    'Several amounts paid in within a day, each just below a limit, as when a larger sum is cut up so that nobody asks where it comes from. The limit is ' +
    'the single limit for deposits of the account; where limits are higher, an amount from which banks have to report counts as well.',
  parameters: {
    count: { label: 'Deposits', unit: 'count', usual: 3, min: 2, max: 100 },
    hours: { label: 'Within', unit: 'hours', usual: 24, min: 1, max: 168 },
    percent: { label: 'Each at least, of the limit', unit: 'percent', usual: 80, min: 10, max: 100 },
    report: { label: 'Amount to be reported', unit: 'units', usual: 10_000, min: 100, max: 10_000_000 },
  },
  sql: `
    WITH ${bounds('single')}
    SELECT t.to_account_id AS account_id, t.id AS last_id, seen.ids AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('deposits', seen.deposits, 'total', seen.total::text, 'limit', seen.max::text, 'currency', t.currency,
                              'minutes', ${minutesBetween('seen.since', 't.posted_at')}) AS observed
      FROM bank.transaction t
      JOIN bounds b ON b.type = t.type AND b.currency = t.currency
     CROSS JOIN LATERAL (SELECT ${limitOf('single')} AS single) l
     CROSS JOIN LATERAL (
       SELECT top.max, count(*) AS deposits, sum(s.amount) AS total, min(s.posted_at) AS since,
              (array_agg(s.id ORDER BY s.posted_at DESC, s.id DESC))[1:200] AS ids
         FROM (VALUES (l.single), ((:report * b.unit)::bigint)) top(max)
         JOIN bank.transaction s ON s.to_account_id = t.to_account_id AND s.type = 'deposit'
                                AND s.posted_at >= t.posted_at - :hours * interval '1 hour' AND (s.posted_at, s.id) <= (t.posted_at, t.id)
                                AND s.amount * 100 >= top.max * :percent AND s.amount <= top.max
        WHERE t.amount * 100 >= top.max * :percent AND t.amount <= top.max
        GROUP BY top.max
       HAVING count(*) >= :count
        ORDER BY count(*) DESC, top.max LIMIT 1) seen
     WHERE t.posted_at >= :from AND t.posted_at < :to AND t.type = 'deposit'`,
  words: (observed, { percent, count }) =>
    `${number(observed['deposits'])} deposits in ${span(observed['minutes'])}, each ${number(percent)} to 100 % of ${money(observed, 'limit')}, ` +
    `${money(observed, 'total')} in all, limit ${number(count)}`,
});
