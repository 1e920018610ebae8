import { defineRule } from './define-rule.ts';
import { money, number } from './parts.ts';

export const r11OwnHistory = defineRule({
  id: 11,
  title: 'Against own history',
  score: 30,
  version: 1,
  explanation:
    "A debit many times as large as the account's own debits of the last three months are on average, where there are enough to compare with. " +
    'Standing orders, which repeat, are compared with but not hit.',
  parameters: {
    factor: { label: 'Times the mean', unit: 'factor', usual: 5, min: 2, max: 100 },
    count: { label: 'Earlier debits', unit: 'count', usual: 10, min: 3, max: 1_000 },
    days: { label: 'Looked at before', unit: 'days', usual: 90, min: 7, max: 365 },
  },
  sql: `
    SELECT t.from_account_id AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at,
           jsonb_build_object('amount', t.amount::text, 'mean', round(own.total / own.debits)::text, 'currency', t.currency, 'debits', own.debits,
                              'times', floor(t.amount * own.debits / own.total)) AS observed
      FROM bank.transaction t
     CROSS JOIN LATERAL (
       SELECT count(*) AS debits, sum(s.amount) AS total
         -- Accounts with thousands of debits a day are compared with the newest thousand
         FROM (SELECT i.amount FROM bank.transaction i
                WHERE i.from_account_id = t.from_account_id AND i.type <> 'reversal'
                  AND i.posted_at >= t.posted_at - :days * interval '1 day' AND (i.posted_at, i.id) < (t.posted_at, t.id)
                ORDER BY i.posted_at DESC, i.id DESC LIMIT 1000) s) own
     WHERE t.posted_at >= :from AND t.posted_at < :to AND t.from_account_id IS NOT NULL AND t.type <> 'reversal' AND t.channel <> 'standing order'
       AND own.debits >= :count AND t.amount * own.debits >= own.total * :factor`,
  words: (observed, { factor }) =>
    `debit of ${money(observed, 'amount')}, ${number(observed['times'])} times the mean of ${number(observed['debits'])} debits before ` +
    `(${money(observed, 'mean')}), limit ${number(factor)}`,
});
