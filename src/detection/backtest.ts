import type { Watch } from '../kit/watch.ts';
import type { AnyRule } from './define-rule.ts';
import { lookFor, type SeenHit, type Span } from './run.ts';
import type { RuleSetting } from './settings.ts';

type Parameters = RuleSetting['parameters'];

/** One business day as the rule sees it: set as it is, and as somebody thinks of setting it. */
type BacktestDay = { readonly day: string; readonly current: number; readonly tried: number };

/** What hits come to: whom they are about, and what was decided about the alerts that they led to. */
export type Verdict = {
  readonly hits: number;
  readonly accounts: number;
  readonly confirmed: number;
  readonly valuable: number;
  readonly falsePositive: number;
  readonly undecided: number;
};

export type Backtest = { readonly days: readonly BacktestDay[]; readonly current: Verdict; readonly tried: Verdict };

type DaySpan = Span & { readonly day: string };

/** The last business days, the one under way included, oldest first. */
const spansOf = (watch: Pick<Watch, 'read'>, days: number): Promise<readonly DaySpan[]> =>
  watch.read<DaySpan>(
    `SELECT d::date::text AS day, d AT TIME ZONE c.time_zone AS since, least((d + interval '1 day') AT TIME ZONE c.time_zone, clock_timestamp()) AS until
       FROM bank.calendar c, generate_series(bank.business_day() - ($1::int - 1), bank.business_day()::timestamp, interval '1 day') d ORDER BY d`,
    [days],
  );

type Decided = { readonly outcome: string | null; readonly alerts: number };

/** The alerts of this rule that these hits belong to, by what was decided about them. */
const decisionsOn = (watch: Pick<Watch, 'read'>, rule: AnyRule, hits: readonly SeenHit[]): Promise<readonly Decided[]> =>
  watch.read<Decided>(
    `SELECT a.outcome, count(DISTINCT a.id)::int AS alerts
       FROM jsonb_to_recordset($2::jsonb) AS seen (account bigint, last bigint)
       JOIN ops.rule_hit h ON h.rule = $1::smallint AND h.account_id = seen.account AND h.last_id = seen.last AND NOT h.shadow
       JOIN ops.alert a ON a.id = h.alert_id GROUP BY a.outcome`,
    [rule.id, JSON.stringify(hits.map(({ accountId, lastId }) => ({ account: String(accountId), last: String(lastId) })))],
  );

const verdictOn = async (watch: Pick<Watch, 'read'>, rule: AnyRule, hits: readonly SeenHit[]): Promise<Verdict> => {
  const decided = await decisionsOn(watch, rule, hits);
  const of = (outcome: string | null): number => decided.find(row => row.outcome === outcome)?.alerts ?? 0;
  return {
    hits: hits.length,
    accounts: new Set(hits.map(({ accountId }) => accountId)).size,
    confirmed: of('confirmed'),
    valuable: of('valuable'),
    falsePositive: of('false positive'),
    undecided: of(null),
  };
};

/** Asks a rule about the past, day by day, with two sets of parameters. Stores nothing. */
export const backtest = async (
  watch: Pick<Watch, 'read'>,
  rule: AnyRule,
  parameters: { readonly current: Parameters; readonly tried: Parameters },
  { days, signal }: { readonly days: number; readonly signal: AbortSignal },
): Promise<Backtest> => {
  const seen = { current: [] as SeenHit[], tried: [] as SeenHit[] };
  const rows: BacktestDay[] = [];
  for (const { day, ...span } of await spansOf(watch, days)) {
    signal.throwIfAborted();
    const current = await lookFor(watch, rule, parameters.current, span);
    const tried = parameters.tried === parameters.current ? current : await lookFor(watch, rule, parameters.tried, span);
    seen.current.push(...current);
    seen.tried.push(...tried);
    rows.push({ day, current: current.length, tried: tried.length });
  }
  return { days: rows, current: await verdictOn(watch, rule, seen.current), tried: await verdictOn(watch, rule, seen.tried) };
};
