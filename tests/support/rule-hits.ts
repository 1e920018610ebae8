import type { Client } from 'pg';
import type { AnyRule, Observed } from '../../src/detection/define-rule.ts';
import { compileRule } from '../../src/detection/run.ts';

/** What a rule found; ids as text. */
export type Found = {
  readonly account: string;
  readonly last: string;
  readonly transactions: readonly string[];
  readonly observed: Observed;
  readonly words: string;
};
type Row = {
  readonly account_id: string;
  readonly last_id: string;
  readonly transaction_ids: readonly string[];
  readonly observed: Observed;
};

/** The parameters of a rule as they are unless somebody sets them. */
const usual = ({ parameters }: AnyRule): Record<string, number> =>
  Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.usual]));

/** The hits of a rule among what was posted from `since` until before `until`, in the order of their last transactions. */
export const hitsOf = async (
  db: Client,
  rule: AnyRule,
  {
    since = new Date(0),
    until = new Date('2100-01-01'),
    parameters = {},
  }: { since?: Date; until?: Date; parameters?: Record<string, number> } = {},
): Promise<readonly Found[]> => {
  const chosen = { ...usual(rule), ...parameters };
  const { sql, values } = compileRule(rule, chosen, { since, until });
  const { rows } = await db.query<Row>(sql, [...values]);
  return rows
    .map(row => ({
      account: row.account_id,
      last: row.last_id,
      transactions: row.transaction_ids,
      observed: row.observed,
      words: rule.words(row.observed, chosen),
    }))
    .toSorted((a, b) => Number(a.last) - Number(b.last) || Number(a.account) - Number(b.account));
};
