import { defineRule, type AnyRule } from '../../src/detection/define-rule.ts';

/** Under the name of R1: hits every deposit, so that nothing but the engine decides what is found. */
export const everyDeposit: AnyRule = defineRule({
  id: 1,
  title: 'Every deposit',
  score: 30,
  version: 1,
  explanation: 'A rule of a test.',
  parameters: { percent: { label: 'Percent', unit: 'percent', usual: 80, min: 10, max: 100 } },
  sql: `
    SELECT t.to_account_id AS account_id, t.id AS last_id, ARRAY[t.id] AS transaction_ids, t.posted_at AS at, jsonb_build_object('amount', t.amount) AS observed
      FROM bank.transaction t WHERE t.posted_at >= :from AND t.posted_at < :to AND t.type = 'deposit' AND t.amount >= :percent`,
  words: ({ amount }) => `a deposit of ${amount}`,
});
