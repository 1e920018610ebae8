import { defineRule } from './define-rule.ts';

export const r04FlaggedParty = defineRule({
  id: 4,
  title: 'Flagged party',
  score: 60,
  version: 1,
  explanation:
    'A posting on which either side is an account with a flag that nobody had cleared when it was posted: what a suspect goes on doing, and with ' +
    "whom. Each of the bank's accounts on it is hit, the suspect and the partner.",
  parameters: {},
  sql: `
    WITH flagged AS (
      SELECT f.account_id AS party, t.id, t.posted_at, t.from_account_id, t.to_account_id,
             count(*) AS flags, min(f.transaction_id) AS flagged
        FROM ops.transaction_flag f
        JOIN bank.transaction t ON t.from_account_id = f.account_id
                               AND t.posted_at >= :from AND t.posted_at < :to AND t.type <> 'reversal'
                               AND f.flagged_at <= t.posted_at AND (f.cleared_at IS NULL OR f.cleared_at > t.posted_at)
       WHERE f.flagged_at < :to AND (f.cleared_at IS NULL OR f.cleared_at > :from)
       GROUP BY 1, 2, 3, 4, 5
      UNION ALL
      SELECT f.account_id, t.id, t.posted_at, t.from_account_id, t.to_account_id, count(*), min(f.transaction_id)
        FROM ops.transaction_flag f
        JOIN bank.transaction t ON t.to_account_id = f.account_id
                               AND t.posted_at >= :from AND t.posted_at < :to AND t.type <> 'reversal'
                               AND f.flagged_at <= t.posted_at AND (f.cleared_at IS NULL OR f.cleared_at > t.posted_at)
       WHERE f.flagged_at < :to AND (f.cleared_at IS NULL OR f.cleared_at > :from)
       GROUP BY 1, 2, 3, 4, 5)
    SELECT side.account_id, g.id AS last_id, ARRAY[g.id] AS transaction_ids, g.posted_at AS at,
           jsonb_build_object('own', count(*) FILTER (WHERE g.party = side.account_id),
                              'flags', sum(g.flags), 'flagged', min(g.flagged)::text) AS observed
      FROM flagged g
     CROSS JOIN LATERAL (VALUES (g.from_account_id), (g.to_account_id)) side(account_id)
     WHERE side.account_id IS NOT NULL
     GROUP BY side.account_id, g.id, g.posted_at`,
  words: observed =>
    `${observed['own'] === 1 ? 'the account itself' : 'the other side'} has a flag that nobody cleared, on transaction ${observed['flagged']}`,
});
