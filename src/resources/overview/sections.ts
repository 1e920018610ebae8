import type { Db } from '../../database/client.ts';
import { formatShortInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { bar } from '../../domain/sparkline.ts';
import { transactionTypes } from '../../domain/transaction.ts';
import type { DetailLine, DetailSection } from '../../kit/define-resource.ts';
import { bytes, countOf, inCurrency, lastDay, mainCurrency, ofType, perHour, valueOf } from './figures.ts';
import type { Pulse } from './pulse.ts';
import {
  actsByAction,
  actsByOperator,
  failedLogins,
  largestTransactions,
  lastRefusals,
  openHolds,
  readFacts,
  refusalsByCode,
  tableSizes,
  usersByRole,
  type LedgerCell,
  type Tally,
} from './queries.ts';

const shareWidth = 8;

const tallies = (title: string, what: string, rows: readonly Tally[]): DetailSection => ({
  title,
  table: {
    columns: [what, 'Count', 'Last'],
    rows: rows.map(row => [row.name, row.count.toLocaleString('en'), formatShortInstant(row.last)]),
  },
});

/** Amounts in different currencies cannot be added: one sum for each, the one with most postings first. */
const perCurrency = (cells: readonly LedgerCell[]) => {
  const currencies = [...new Set(cells.map(({ currency }) => currency))].map(currency => inCurrency(cells, currency));
  return currencies
    .toSorted((a, b) => countOf(b) - countOf(a))
    .map(of => ({ count: countOf(of), sum: formatMoney(valueOf(of), of[0]?.currency ?? '') }));
};

const perType = (title: string, cells: readonly LedgerCell[]): DetailSection => {
  const whole = BigInt(countOf(cells));
  const rowsOf = (name: string, of: readonly LedgerCell[]) => {
    const parts = perCurrency(of);
    if (parts.length === 0) return [[name, '0', '-', bar(0n, whole, shareWidth)]];
    return parts.map(({ count, sum }, index) => [
      index === 0 ? name : '',
      count.toLocaleString('en'),
      sum,
      bar(BigInt(count), whole, shareWidth),
    ]);
  };
  const rows = [...transactionTypes.flatMap(type => rowsOf(type, ofType(cells, type))), ...rowsOf('all', cells)];
  return { title, table: { columns: ['Type', 'Count', 'Value', 'Share'], rows } };
};

const hourLine = (ledger: readonly LedgerCell[], hoursAgo: number, most: bigint): DetailLine => {
  const cells = ledger.filter(cell => cell.hoursAgo === hoursAgo);
  const count = countOf(cells);
  const sums = perCurrency(cells).map(({ sum }) => sum);
  return [
    hoursAgo === 0 ? 'this hour' : `${hoursAgo} h ago`,
    [`${bar(BigInt(count), most)} ${count.toLocaleString('en')}`, ...sums].join(', '),
  ];
};

const ledgerSections = async (db: Db): Promise<readonly DetailSection[]> => {
  const { ledger } = await readFacts(db);
  const hours = perHour(ledger, cell => cell.count);
  const most = BigInt(Math.max(...hours));
  return [
    perType(
      'Today',
      ledger.filter(cell => cell.today),
    ),
    perType('Last 24 h', lastDay(ledger).now),
    { title: 'Per hour', lines: hours.map((_, index) => hourLine(ledger, hours.length - 1 - index, most)) },
  ];
};

const largestSections = async (db: Db): Promise<readonly DetailSection[]> => {
  const currency = mainCurrency((await readFacts(db)).ledger);
  const rows = await largestTransactions(db, currency);
  return [
    {
      title: 'Largest of the last 24 h',
      table: {
        columns: ['Id', 'Posted', 'Type', 'Amount', 'From', 'To'],
        rows: rows.map(row => [
          String(row.id),
          formatShortInstant(row.postedAt),
          row.type,
          formatMoney(row.amount, row.currency),
          row.from,
          row.to,
        ]),
      },
    },
  ];
};

const refusalSections = async (db: Db): Promise<readonly DetailSection[]> => {
  const [codes, last] = await Promise.all([refusalsByCode(db), lastRefusals(db)]);
  return [
    tallies('Reasons, last 24 h', 'Reason', codes),
    {
      title: 'Last refused postings',
      table: {
        columns: ['At', 'Type', 'Amount', 'Account', 'Why'],
        rows: last.map(row => [
          formatShortInstant(row.refusedAt),
          row.type,
          formatMoney(row.amount, row.currency),
          row.account,
          row.message,
        ]),
      },
    },
  ];
};

const holdSections = async (db: Db): Promise<readonly DetailSection[]> => [
  {
    title: 'Open holds, first to review first',
    table: {
      columns: ['Account', 'Ground', 'Review on', 'Placed by', 'Placed'],
      rows: (await openHolds(db)).map(hold => [
        hold.number,
        hold.ground,
        hold.reviewOn.toISOString().slice(0, 10),
        hold.placedBy,
        formatShortInstant(hold.placedAt),
      ]),
    },
  },
];

const failureSections = async (db: Db): Promise<readonly DetailSection[]> => {
  const failures = await failedLogins(db);
  return [
    tallies(
      'By username, last 24 h',
      'Username',
      failures.filter(({ by }) => by === 'username'),
    ),
    tallies(
      'By address, last 24 h',
      'IP address',
      failures.filter(({ by }) => by === 'ip'),
    ),
  ];
};

const actSections = async (db: Db): Promise<readonly DetailSection[]> => {
  const [operators, actions] = await Promise.all([actsByOperator(db), actsByAction(db)]);
  return [tallies('By operator, last 24 h', 'Operator', operators), tallies('By action, last 24 h', 'Action', actions)];
};

const sizeSections = async (db: Db): Promise<readonly DetailSection[]> => [
  {
    title: 'Largest tables',
    table: {
      columns: ['Table', 'Rows', 'Size', 'of it indexes'],
      rows: (await tableSizes(db)).map(table => [
        table.name,
        `~${Math.round(table.rows).toLocaleString('en')}`,
        bytes(table.bytes),
        bytes(table.indexBytes),
      ]),
    },
  },
];

/** What stands behind a pulse. */
export const sectionsOf = async (db: Db, { kind }: Pulse): Promise<readonly DetailSection[]> => {
  switch (kind) {
    case 'largest':
      return largestSections(db);
    case 'refused':
      return refusalSections(db);
    case 'frozen':
    case 'due':
      return holdSections(db);
    case 'failures':
    case 'locked':
      return failureSections(db);
    case 'roles':
      return [tallies('Roles', 'Role', await usersByRole(db))];
    case 'audit':
    case 'acts':
      return actSections(db);
    case 'size':
      return sizeSections(db);
    case 'pending':
    case 'flagged':
    case 'incident':
    case 'health':
    case 'waiting':
    case 'review':
    case 'handover':
    case 'alerts':
      return [];
    default:
      return ledgerSections(db);
  }
};
