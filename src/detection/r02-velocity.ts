import { defineRule } from './define-rule.ts';
import { minutesBetween, number } from './parts.ts';

export const r02Velocity = defineRule({
  id: 2,
  title: 'Velocity',
  score: 30,
  version: 1,
  explanation: 'Many debits of one account within minutes, as when somebody empties it or tries out a stolen card.',
  parameters: {
    count: { label: 'Debits', unit: 'count', usual: 5, min: 2, max: 100 },
    minutes: { label: 'Within', unit: 'minutes', usual: 10, min: 1, max: 1_440 },
  },
  sql: `
    WITH debit AS (
      SELECT t.from_account_id AS account_id, t.id, t.posted_at,
             lag(t.posted_at, :count::int - 1) OVER (PARTITION BY t.from_account_id ORDER BY t.posted_at, t.id) AS earliest
        FROM bank.transaction t
       WHERE t.posted_at >= :from - :minutes * interval '1 minute' AND t.posted_at < :to AND t.from_account_id IS NOT NULL AND t.type <> 'reversal')
    SELECT d.account_id, d.id AS last_id, seen.ids AS transaction_ids, d.posted_at AS at,
           jsonb_build_object('debits', seen.debits, 'minutes', ${minutesBetween('seen.since', 'd.posted_at')}) AS observed
      FROM debit d
     CROSS JOIN LATERAL (
       SELECT count(*) AS debits, min(s.posted_at) AS since, (array_agg(s.id ORDER BY s.posted_at DESC, s.id DESC))[1:200] AS ids
         FROM bank.transaction s
        WHERE s.from_account_id = d.account_id AND s.type <> 'reversal'
          AND s.posted_at >= d.posted_at - :minutes * interval '1 minute' AND (s.posted_at, s.id) <= (d.posted_at, d.id)) seen
     WHERE d.posted_at >= :from AND d.earliest >= d.posted_at - :minutes * interval '1 minute'`,
  words: (observed, { count }) => `${number(observed['debits'])} debits in ${observed['minutes']} min, limit ${number(count)}`,
});
