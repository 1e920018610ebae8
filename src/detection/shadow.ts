import type { Watch } from '../kit/watch.ts';

/** What a rule saw in shadow, and what it would have done had it been live. */
export type ShadowResult = {
  readonly rule: number;
  readonly hits: number;
  readonly accounts: number;
  /** Accounts on which it would have opened alerts: together with the live rules it reaches the score, and they do not without it. */
  readonly wouldOpen: number;
  /** Accounts on which the live rules reached the score by themselves: it would have added to their alerts. */
  readonly wouldJoin: number;
};

/** Rules that saw something in shadow within so many days, or only this one. */
export const shadowResults = (watch: Pick<Watch, 'read'>, days: number, rule?: number): Promise<readonly ShadowResult[]> =>
  watch.read<ShadowResult>(
    `SELECT s.rule::int AS rule, count(*)::int AS hits, count(DISTINCT s.account_id)::int AS accounts,
            count(DISTINCT s.account_id) FILTER (WHERE live.score < n.needed AND live.score + d.score >= n.needed)::int AS "wouldOpen",
            count(DISTINCT s.account_id) FILTER (WHERE live.score >= n.needed)::int AS "wouldJoin"
       FROM ops.rule_hit s
       JOIN ops.detection_rule d ON d.id = s.rule
      CROSS JOIN (SELECT platform.whole_setting('detection.alert-score') AS needed) n
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(o.score), 0) AS score FROM ops.detection_rule o
         WHERE o.id <> s.rule AND EXISTS (SELECT FROM ops.rule_hit h WHERE h.account_id = s.account_id AND h.rule = o.id AND NOT h.shadow
                                             AND h.at > s.at - interval '24 hours' AND h.at <= s.at)) live
      WHERE s.shadow AND s.at > clock_timestamp() - $1::int * interval '1 day' AND ($2::int IS NULL OR s.rule = $2::int)
      GROUP BY s.rule ORDER BY s.rule`,
    [days, rule ?? null],
  );
