import { formatAmount, formatMoney } from '../../domain/money.ts';
import { bar, change, sparkline } from '../../domain/sparkline.ts';
import { transactionTypes, type TransactionType } from '../../domain/transaction.ts';
import { countOf, inCurrency, largestOf, lastDay, mainCurrency, ofKind, ofType, perHour, valueOf } from './figures.ts';
import { to, type Draft } from './pulse.ts';
import type { EventCell, Facts, LedgerCell } from './queries.ts';

const plural: Readonly<Record<TransactionType, string>> = {
  deposit: 'Deposits',
  withdrawal: 'Withdrawals',
  transfer: 'Transfers',
  reversal: 'Reversals',
};
const barWidth = 22;

const amount = (minor: bigint, currency: string): string => (currency === '' ? '-' : formatMoney(minor, currency));

const flow = (ledger: readonly LedgerCell[], currency: string): readonly Draft[] => {
  const main = inCurrency(ledger, currency);
  const [all, value] = [lastDay(ledger), lastDay(main)];
  return [
    {
      kind: 'volume',
      topic: 'money',
      name: 'Transactions, 24 h',
      value: countOf(all.now).toLocaleString('en'),
      trend: sparkline(perHour(ledger, cell => cell.count)),
      versus: change(countOf(all.now), countOf(all.before)),
      ...to('transactions', 'since=1d'),
    },
    {
      kind: 'value',
      topic: 'money',
      name: 'Value, 24 h',
      value: amount(valueOf(value.now), currency),
      trend: sparkline(perHour(main, cell => Number(cell.sum))),
      versus: change(Number(valueOf(value.now)), Number(valueOf(value.before))),
      ...to('transactions', 'since=1d'),
    },
  ];
};

const byType = (today: readonly LedgerCell[], currency: string): readonly Draft[] =>
  transactionTypes.map(type => {
    const cells = ofType(today, type);
    const [count, whole] = [countOf(cells), countOf(today)];
    return {
      kind: type,
      topic: 'money',
      name: `${plural[type]} today`,
      value: `${count.toLocaleString('en')}  ${amount(valueOf(inCurrency(cells, currency)), currency)}`,
      trend: bar(BigInt(count), BigInt(whole), barWidth),
      versus: whole === 0 ? '-' : `${Math.round((100 * count) / whole)} %`,
      ...to('transactions', `type=${type} posted=today`),
    };
  });

const largest = (today: readonly LedgerCell[], currency: string): Draft => {
  const most = largestOf(inCurrency(today, currency));
  return {
    kind: 'largest',
    topic: 'money',
    name: 'Largest today',
    value: amount(most, currency),
    trend: '',
    versus: '',
    ...(most === 0n ? {} : to('transactions', `amount>=${formatAmount(most, currency)} posted=today`)),
  };
};

const refused = (events: readonly EventCell[]): Draft => {
  const refusals = ofKind(events, 'refused');
  const { now, before } = lastDay(refusals);
  return {
    kind: 'refused',
    topic: 'money',
    name: 'Refused, 24 h',
    value: countOf(now).toLocaleString('en'),
    trend: sparkline(perHour(refusals, cell => cell.count)),
    versus: change(countOf(now), countOf(before)),
  };
};

/** What moved: volume and value, the day's summary by type (GUIDES.md D16), and what was refused. */
export const moneyPulses = ({ ledger, events }: Facts): readonly Draft[] => {
  const currency = mainCurrency(ledger);
  const today = ledger.filter(cell => cell.today);
  return [...flow(ledger, currency), ...byType(today, currency), largest(today, currency), refused(events)];
};
