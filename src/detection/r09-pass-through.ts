import { defineRule } from './define-rule.ts';
import { minutesBetween, money, number } from './parts.ts';

export const r09PassThrough = defineRule({
  id: 9,
  title: 'Pass-through',
  score: 45,
  version: 1,
  explanation: 'Most of what came in leaves again within the hour, in one debit or several: the account only passes money on.',
  parameters: {
    percent: { label: 'Share that leaves', unit: 'percent', usual: 80, min: 10, max: 100 },
    least: { label: 'Credit of at least', unit: 'units', usual: 500, min: 1, max: 1_000_000 },
    minutes: { label: 'Within', unit: 'minutes', usual: 60, min: 1, max: 10_080 },
  },
  sql: `
    WITH coin AS MATERIALIZED (SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least FROM bank.currency),
         out AS (
      SELECT i.to_account_id AS account_id, i.id AS credit_id, i.amount AS credit, i.posted_at AS since, i.currency, o.id, o.posted_at,
             sum(o.amount) OVER so_far AS gone, array_agg(o.id) OVER so_far AS ids
        FROM bank.transaction i
        JOIN coin ON coin.code = i.currency
        JOIN bank.transaction o ON o.from_account_id = i.to_account_id AND o.type <> 'reversal'
                               AND (o.posted_at, o.id) > (i.posted_at, i.id) AND o.posted_at <= i.posted_at + :minutes * interval '1 minute'
                               AND o.posted_at < :to
       WHERE i.posted_at >= :from - :minutes * interval '1 minute' AND i.posted_at < :to
         AND i.to_account_id IS NOT NULL AND i.type <> 'reversal' AND i.amount >= coin.least
      WINDOW so_far AS (PARTITION BY i.id, i.to_account_id ORDER BY o.posted_at, o.id))
    SELECT DISTINCT ON (o.id) o.account_id, o.id AS last_id, (SELECT array_agg(u.id ORDER BY u.place DESC) FROM unnest(o.credit_id || o.ids) WITH ORDINALITY u(id, place)
                                                               WHERE u.place > cardinality(o.ids) - 199) AS transaction_ids, o.posted_at AS at,
           jsonb_build_object('credit', o.credit::text, 'gone', o.gone::text, 'currency', o.currency, 'percent', floor(o.gone * 100 / o.credit),
                              'minutes', ${minutesBetween('o.since', 'o.posted_at')}) AS observed
      FROM out o
     WHERE o.posted_at >= :from AND o.gone * 100 >= o.credit * :percent
     ORDER BY o.id, o.since DESC, o.credit_id DESC`,
  words: (observed, { percent }) =>
    `${money(observed, 'gone')} of a credit of ${money(observed, 'credit')} left within ${observed['minutes']} min (${number(observed['percent'])} %), ` +
    `limit ${number(percent)} %`,
});
