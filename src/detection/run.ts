import { isConnectionLost } from '../database/fault.ts';
import type { DetectionRun, Raised, RuleHit, Watch } from '../kit/watch.ts';
import type { AnyRule, Observed } from './define-rule.ts';
import { readDetectionSettings, type RuleMode, type RuleSetting } from './settings.ts';

/** What a rule is asked about: postings from one time until before the other. */
export type Span = { readonly since: Date; readonly until: Date };

type Compiled = { readonly sql: string; readonly values: readonly unknown[] };

/** A rule's query with its names as places. */
export const compileRule = ({ id, sql }: AnyRule, parameters: RuleSetting['parameters'], { since, until }: Span): Compiled => {
  const known: Readonly<Record<string, number | Date>> = { ...parameters, from: since, to: until };
  const places: string[] = [];
  // Not the second colon of a cast, nor one between hours and minutes
  const text = sql.replaceAll(/(?<![:\w]):([a-z][a-zA-Z]*)/g, (_, name: string) => {
    if (known[name] === undefined) throw new Error(`R${id} has no parameter ${name}`);
    if (!places.includes(name)) places.push(name);
    return `$${places.indexOf(name) + 1}::${known[name] instanceof Date ? 'timestamptz' : 'numeric'}`;
  });
  return { sql: text, values: places.map(name => known[name]) };
};

type Row = {
  readonly account_id: bigint;
  readonly last_id: bigint;
  readonly transaction_ids: readonly bigint[];
  readonly at: Date;
  readonly observed: Observed;
};

export type SeenHit = RuleHit & { readonly at: Date };

/** What a rule sees in what was posted in a span. */
export const lookFor = async (
  watch: Pick<Watch, 'read'>,
  rule: AnyRule,
  parameters: RuleSetting['parameters'],
  span: Span,
): Promise<readonly SeenHit[]> => {
  const { sql, values } = compileRule(rule, parameters, span);
  const rows = await watch.read<Row>(sql, values);
  return rows.map(row => ({
    accountId: row.account_id,
    lastId: row.last_id,
    transactionIds: row.transaction_ids,
    at: row.at,
    observed: row.observed,
    words: rule.words(row.observed, parameters),
  }));
};

/** What became of one rule in a run. */
export type RuleResult = Raised & {
  readonly rule: AnyRule;
  readonly mode: RuleMode;
  readonly hits: number;
  readonly milliseconds: number;
  /** Why it could not look, or not raise. */
  readonly error?: unknown;
};

export type Detected = {
  readonly run: DetectionRun;
  readonly results: readonly RuleResult[];
  /** Whether every rule did its part: else the next run looks from the same time again. */
  readonly finished: boolean;
};

export type DetectOptions = {
  readonly signal?: AbortSignal;
  /** Look back so many hours at least. */
  readonly hours?: number;
};

/** Hits of one transaction: each locks the accounts that it raises, one after the other. */
const batch = 100;
/** A run that says nothing for a minute is taken for dead; in milliseconds. */
const longestSilence = 20_000;

const nothing: Raised = { found: 0, opened: 0 };

const raiseAll = async (
  watch: Watch,
  run: DetectionRun,
  rule: AnyRule,
  setting: RuleSetting,
  hits: readonly SeenHit[],
): Promise<Raised> => {
  let sum = nothing;
  for (let at = 0; at < hits.length; at += batch) {
    const { found, opened } = await watch.raise(run, rule, setting.parameters, hits.slice(at, at + batch));
    sum = { found: sum.found + found, opened: sum.opened + opened };
  }
  return sum;
};

const runRule = async (watch: Watch, run: DetectionRun, rule: AnyRule, setting: RuleSetting): Promise<RuleResult> => {
  const began = performance.now();
  const { mode } = setting;
  const took = () => performance.now() - began;
  if (mode === 'off') return { rule, mode, hits: 0, ...nothing, milliseconds: 0 };
  try {
    const hits = await lookFor(watch, rule, setting.parameters, run);
    const raised = await raiseAll(watch, run, rule, setting, hits);
    return { rule, mode, hits: hits.length, ...raised, milliseconds: took() };
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    // The other rules go on: one that cannot look must not blind them
    return { rule, mode, hits: 0, ...nothing, milliseconds: took(), error };
  }
};

/** Has every rule look at what was posted since the last run; undefined while another console does. */
export const detect = async (
  watch: Watch,
  rules: readonly AnyRule[],
  { signal, hours }: DetectOptions = {},
): Promise<Detected | undefined> => {
  const settings = await readDetectionSettings(watch);
  const run = await watch.begin(hours);
  if (!run) return undefined;
  const results: RuleResult[] = [];
  let heard = performance.now();
  for (const rule of rules) {
    if (signal?.aborted) return { run, results, finished: false };
    const result = await runRule(watch, run, rule, settings.ruleOf(rule));
    results.push(result);
    if (result.hits > 0) heard = performance.now();
    if (performance.now() - heard < longestSilence || result.mode === 'off') continue;
    await watch.raise(run, rule, {}, []);
    heard = performance.now();
  }
  const finished = results.every(({ error }) => error === undefined);
  if (finished) await watch.finish(run);
  return { run, results, finished };
};
