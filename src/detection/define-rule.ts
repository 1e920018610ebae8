/** A number that a rule is measured by; its setting is `detection.r<id>.<name>`. */
export type RuleParameter = {
  readonly label: string;
  /** Amounts are whole units of the currency, as in the definition of the rules. */
  readonly unit: 'units' | 'count' | 'minutes' | 'hours' | 'days' | 'percent' | 'factor';
  readonly usual: number;
  readonly min: number;
  readonly max: number;
};

/** What a rule saw, by name: whole numbers, and amounts in minor units as text. */
export type Observed = Readonly<Record<string, number | string>>;

/** A rule of transaction monitoring: one query over indexed columns. */
export type Rule<Name extends string = string> = {
  /** 5 is R5. */
  readonly id: number;
  readonly title: string;
  /** Scores of the rules that hit one account within 24 hours add up: 40 opens an alert, 80 asks for a hold. */
  readonly score: number;
  /** Changed with its query or meaning; kept with every hit. */
  readonly version: number;
  /** What it looks for and why, in words. */
  readonly explanation: string;
  readonly parameters: Readonly<Record<Name, RuleParameter>>;
  /**
   * The hits whose last transaction was posted from `:from` until before `:to` (instants): rows of account_id, last_id, transaction_ids (bigint[], the
   * newest 200 at most, that one included), at, observed (jsonb); one row per account and last transaction. `:name` is the parameter of that name,
   * a numeric; `:from` and `:to` are timestamptz. Casts are written `::`.
   */
  readonly sql: string;
  /** One line: what was observed, and the parameter it passes. */
  words(observed: Observed, parameters: Readonly<Record<Name, number>>): string;
};

/** A rule whose parameters its reader need not know. */
export type AnyRule = Rule;

export const defineRule = <Name extends string>(rule: Rule<Name>): Rule<Name> => rule;
