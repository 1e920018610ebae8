import { defineRule } from './define-rule.ts';
import { minutesBetween, number, span } from './parts.ts';

/** The transfers on one side of an account within the hours before each of its own, where their other sides are many. */
const side = (own: 'from_account_id' | 'to_account_id', other: 'from_account_id' | 'to_account_id', direction: string): string => `
    SELECT t.${own} AS account_id, t.id AS last_id, seen.ids AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('parties', seen.parties, 'direction', '${direction}', 'minutes', ${minutesBetween('seen.since', 't.posted_at')}) AS observed
      FROM bank.transaction t
     CROSS JOIN LATERAL (
       SELECT count(DISTINCT s.${other}) AS parties, min(s.posted_at) AS since, (array_agg(s.id ORDER BY s.posted_at DESC, s.id DESC))[1:200] AS ids
         -- Where thousands pay within a day, the newest five hundred transfers are enough to see it
         FROM (SELECT i.id, i.posted_at, i.${other} FROM bank.transaction i
                WHERE i.${own} = t.${own} AND i.type = 'transfer' AND i.channel NOT IN ('standing order', 'internal')
                  AND i.posted_at >= t.posted_at - :hours * interval '1 hour' AND (i.posted_at, i.id) <= (t.posted_at, t.id)
                ORDER BY i.posted_at DESC, i.id DESC LIMIT 500) s) seen
     WHERE t.posted_at >= :from AND t.posted_at < :to AND t.type = 'transfer' AND t.channel NOT IN ('standing order', 'internal')
       AND seen.parties >= :count`;

export const r10Fan = defineRule({
  id: 10,
  title: 'Fan-in or fan-out',
  score: 35,
  version: 1,
  explanation:
    'Within a day an account receives transfers from many others, or sends to many: it collects or spreads. Wages, transfers between own accounts and ' +
    'standing orders, whose parties were agreed on before, do not count.',
  parameters: {
    count: { label: 'Different parties', unit: 'count', usual: 5, min: 2, max: 100 },
    hours: { label: 'Within', unit: 'hours', usual: 24, min: 1, max: 168 },
  },
  sql: `${side('to_account_id', 'from_account_id', 'in')}
    UNION ALL ${side('from_account_id', 'to_account_id', 'out')}`,
  words: (observed, { count }) =>
    `transfers ${observed['direction'] === 'in' ? 'from' : 'to'} ${number(observed['parties'])} different accounts in ${span(observed['minutes'])}, ` +
    `limit ${number(count)}`,
});
