import { defineRule } from './define-rule.ts';
import { minutesBetween, money, number, span } from './parts.ts';

export const r14RoundTrip = defineRule({
  id: 14,
  title: 'Round trip',
  score: 35,
  version: 1,
  explanation:
    'What an account sent to another comes back from there within a day, nearly as much: trade is feigned, or money is shown around. The account it came back to is hit.',
  parameters: {
    hours: { label: 'Within', unit: 'hours', usual: 24, min: 1, max: 168 },
    percent: { label: 'More or less by at most', unit: 'percent', usual: 10, min: 0, max: 50 },
  },
  sql: `
    SELECT t.to_account_id AS account_id, t.id AS last_id, ARRAY[t.id, sent.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('sent', sent.amount::text, 'returned', t.amount::text, 'currency', t.currency,
                              'minutes', ${minutesBetween('sent.posted_at', 't.posted_at')}) AS observed
      FROM bank.transaction t
     CROSS JOIN LATERAL (
       SELECT o.id, o.amount, o.posted_at
         FROM bank.transaction o
        WHERE o.from_account_id = t.to_account_id AND o.to_account_id = t.from_account_id AND o.type = 'transfer'
          AND o.posted_at >= t.posted_at - :hours * interval '1 hour' AND (o.posted_at, o.id) < (t.posted_at, t.id)
          AND t.amount * 100 BETWEEN o.amount * (100 - :percent) AND o.amount * (100 + :percent)
        ORDER BY o.posted_at DESC, o.id DESC LIMIT 1) sent
     WHERE t.posted_at >= :from AND t.posted_at < :to AND t.type = 'transfer'`,
  words: (observed, { percent }) =>
    `${money(observed, 'sent')} sent, ${money(observed, 'returned')} returned after ${span(observed['minutes'])}, at most ${number(percent)} % apart`,
});
