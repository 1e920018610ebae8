import type { Db } from '../../database/client.ts';
import { formatInstant, formatShortInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import type { HitTransaction } from '../../domain/transaction-evidence.ts';
import type { DetailLine, DetailSection, SmallTable } from '../../kit/define-resource.ts';
import { explanationOf, hitsOf, transactionsOf, type AlertRow, type Hit } from './queries.ts';

/** What an alert rests on. */
export type Evidence = {
  /** What its rule looks for. */
  readonly explanation: string;
  readonly hits: readonly Hit[];
  readonly transactions: readonly HitTransaction[];
};

export const readEvidence = async (db: Db, { id, rule }: Pick<AlertRow, 'id' | 'rule'>): Promise<Evidence> => {
  const [explanation, hits, transactions] = await Promise.all([explanationOf(db, rule), hitsOf(db, [id]), transactionsOf(db, [id])]);
  return { explanation, hits, transactions };
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

const parameterTable = ({ parameters, labels }: Hit): SmallTable => ({
  columns: ['Measured by', 'Set to'],
  rows: Object.entries(parameters).map(([name, value]) => [
    labels[name] ?? named(name),
    typeof value === 'number' ? value.toLocaleString('en') : value,
  ]),
});

/** What the newest hit saw, and what that was measured by. */
export const seenSections = ({ explanation, hits: [newest] }: Evidence): readonly DetailSection[] => [
  {
    title: 'What was seen',
    lines: [
      ['Looks for', explanation],
      ...(newest ? [['Seen', `${formatInstant(newest.at)}: ${newest.words}`, 'warn'] as const, ...observedLines(newest)] : []),
    ],
    ...(newest && Object.keys(newest.parameters).length > 0 ? { table: parameterTable(newest) } : {}),
  },
];

/** The hits as a table, newest first. */
export const hitTable = ({ hits }: Pick<Evidence, 'hits'>): { readonly title: string; readonly table: SmallTable } => ({
  title: 'Hits',
  table: {
    columns: ['At', 'Rule', 'Points', 'What was seen'],
    rows: hits.slice(0, 10).map(hit => [formatShortInstant(hit.at), `R${hit.rule}`, String(hit.score), hit.words]),
  },
});
