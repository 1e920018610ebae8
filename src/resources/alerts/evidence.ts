import type { Db } from '../../database/client.ts';
import { ruleName } from '../../domain/alert.ts';
import { formatInstant, formatShortInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import type { HitTransaction } from '../../domain/transaction-evidence.ts';
import type { DetailLine, DetailSection, SmallTable } from '../../kit/define-resource.ts';
import { hitsOf, transactionsOf, type AlertRow, type Hit } from './queries.ts';

/** What an alert rests on. */
export type Evidence = { readonly hits: readonly Hit[]; readonly transactions: readonly HitTransaction[] };

export const readEvidence = async (db: Db, { id }: Pick<AlertRow, 'id'>): Promise<Evidence> => {
  const [hits, transactions] = await Promise.all([hitsOf(db, [id]), transactionsOf(db, [id])]);
  return { hits, transactions };
};

/** `minutesBefore` and `days_since` as words. */
const named = (name: string): string =>
  name
    .replaceAll('_', ' ')
    .replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
    .replace(/^./, letter => letter.toUpperCase());

/** An amount is told in minor units as text, with its currency beside it. */
const observedValue = (value: number | string, currency: unknown): string => {
  if (typeof value === 'number') return value.toLocaleString('en');
  return typeof currency === 'string' && /^-?\d{1,18}$/.test(value) ? formatMoney(BigInt(value), currency) : value.replaceAll('_', ' ');
};

const observedLines = ({ observed }: Hit): readonly DetailLine[] =>
  Object.entries(observed)
    .filter(([name]) => name !== 'currency')
    .map(([name, value]) => [named(name), observedValue(value, observed['currency'])]);

const parameterLines = ({ parameters, labels }: Hit): readonly DetailLine[] =>
  Object.entries(parameters).map(([name, value]) => [
    labels[name] ?? named(name),
    typeof value === 'number' ? value.toLocaleString('en') : value,
  ]);

/** What the newest hit saw, and what that was measured by. */
export const seenSections = (
  alert: Pick<AlertRow, 'rule' | 'ruleTitle' | 'explanation'>,
  [newest]: readonly Hit[],
): readonly DetailSection[] => [
  {
    title: 'What was seen',
    lines: [
      ['Rule', `${ruleName(alert)}${newest ? `, version ${newest.ruleVersion}, ${newest.score} points` : ''}`],
      ['Looks for', alert.explanation],
      ...(newest ? [['Seen', `${formatInstant(newest.at)}: ${newest.words}`, 'warn'] as const, ...observedLines(newest)] : []),
    ],
  },
  ...(newest && Object.keys(newest.parameters).length > 0 ? [{ title: 'Measured by', lines: parameterLines(newest) }] : []),
];

/** The hits as a table, newest first. */
export const hitTable = ({ hits }: Pick<Evidence, 'hits'>): { readonly title: string; readonly table: SmallTable } => ({
  title: 'Hits',
  table: {
    columns: ['At', 'Rule', 'Points', 'What was seen'],
    rows: hits.slice(0, 10).map(hit => [formatShortInstant(hit.at), `R${hit.rule}`, String(hit.score), hit.words]),
  },
});
