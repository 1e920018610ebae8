import type { TransactionType } from '../../domain/transaction.ts';
import type { DayCell, DayKind, EventCell, EventKind, LedgerCell } from './queries.ts';

const hoursShown = 24;
const daysShown = 30;

type Hourly = { readonly hoursAgo: number };

/** One value per hour of the last day, the running hour last. */
export const perHour = <Cell extends Hourly>(cells: readonly Cell[], valueOf: (cell: Cell) => number): readonly number[] => {
  const hours = Array.from({ length: hoursShown }, () => 0);
  for (const cell of cells) {
    const place = hoursShown - 1 - cell.hoursAgo;
    if (place >= 0 && place < hoursShown) hours[place] = (hours[place] ?? 0) + valueOf(cell);
  }
  return hours;
};

/** One value per day of the last thirty, today last. */
export const perDay = (cells: readonly DayCell[], kind: DayKind): readonly number[] => {
  const counts = new Map(cells.filter(cell => cell.kind === kind).map(cell => [cell.daysAgo, cell.count]));
  return Array.from({ length: daysShown }, (_, index) => counts.get(daysShown - 1 - index) ?? 0);
};

export const countOf = (cells: readonly { readonly count: number }[]): number => cells.reduce((sum, { count }) => sum + count, 0);
export const valueOf = (cells: readonly LedgerCell[]): bigint => cells.reduce((total, { sum }) => total + sum, 0n);
export const largestOf = (cells: readonly LedgerCell[]): bigint =>
  cells.reduce((most, { largest }) => (largest > most ? largest : most), 0n);

/** The last 24 h to the minute, and the 24 h before them. */
export const lastDay = <Cell extends { readonly recent: boolean }>(cells: readonly Cell[]) => ({
  now: cells.filter(cell => cell.recent),
  before: cells.filter(cell => !cell.recent),
});

export const ofType = (cells: readonly LedgerCell[], type: TransactionType): readonly LedgerCell[] =>
  cells.filter(cell => cell.type === type);
export const ofKind = (cells: readonly EventCell[], kind: EventKind): readonly EventCell[] => cells.filter(cell => cell.kind === kind);
export const inCurrency = (cells: readonly LedgerCell[], currency: string): readonly LedgerCell[] =>
  cells.filter(cell => cell.currency === currency);

/** The currency that most postings are in; amounts in others cannot be added to it. */
export const mainCurrency = (cells: readonly LedgerCell[]): string => {
  const counts = new Map<string, number>();
  for (const { currency, count } of cells) counts.set(currency, (counts.get(currency) ?? 0) + count);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
};

/** Above ten thousand a count was stopped, and says so. */
export const upTo = (count: number): string => (count > 10_000 ? 'over 10,000' : count.toLocaleString('en'));

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `43 MB`, in powers of 1024 as Postgres counts. */
export const bytes = (size: bigint): string => {
  let left = Number(size);
  let unit = 0;
  while (left >= 1024 && unit < units.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${left < 10 && unit > 0 ? left.toFixed(1) : Math.round(left)} ${units[unit]}`;
};
