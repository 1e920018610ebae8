import { defineRule } from './define-rule.ts';
import { money, number } from './parts.ts';

export const r12NewAccount = defineRule({
  id: 12,
  title: 'New account',
  score: 35,
  version: 1,
  explanation:
    'Much leaves an account within the first days after it was opened, in one debit or several: it may have been opened for that alone.',
  parameters: {
    days: { label: 'Opened less than', unit: 'days', usual: 7, min: 1, max: 90 },
    least: { label: 'Debits in all', unit: 'units', usual: 2_000, min: 1, max: 1_000_000 },
  },
  sql: `
    WITH coin AS MATERIALIZED (SELECT code, (:least * 10::numeric ^ exponent)::bigint AS least FROM bank.currency),
         young AS MATERIALIZED (
      SELECT id, opened_at, currency FROM bank.account WHERE opened_at > :from - :days * interval '1 day' AND opened_at < :to)
    SELECT a.id AS account_id, t.id AS last_id, so_far.ids AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('gone', so_far.gone::text, 'currency', a.currency, 'debits', so_far.debits,
                              'days', floor(extract(epoch FROM t.posted_at - a.opened_at) / 86400)::int) AS observed
      FROM young a
      JOIN coin ON coin.code = a.currency
      JOIN bank.transaction t ON t.from_account_id = a.id AND t.type <> 'reversal' AND t.posted_at >= :from AND t.posted_at < :to
                             AND t.posted_at < a.opened_at + :days * interval '1 day'
     CROSS JOIN LATERAL (
       SELECT sum(s.amount) AS gone, count(*) AS debits, (array_agg(s.id ORDER BY s.posted_at DESC, s.id DESC))[1:200] AS ids
         FROM bank.transaction s
        WHERE s.from_account_id = a.id AND s.type <> 'reversal' AND (s.posted_at, s.id) <= (t.posted_at, t.id)) so_far
     WHERE so_far.gone >= coin.least`,
  words: (observed, { least }) =>
    `${money(observed, 'gone')} out in ${number(observed['debits'])} ${observed['debits'] === 1 ? 'debit' : 'debits'}, ` +
    `opened ${number(observed['days'])} days before, limit ${number(least)}`,
});
