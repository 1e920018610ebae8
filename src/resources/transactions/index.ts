import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { redFlags, redMarks, ruleWord } from '../../domain/red-flag.ts';
import { whyNotReverse } from '../../domain/reversal.ts';
import type { TransactionStatus } from '../../domain/transaction.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Jump } from '../../kit/define-resource.ts';
import { disputesAbout, type DisputeLine } from '../disputes/queries.ts';
import {
  auditOf,
  flagsOfTransaction,
  hitsOn,
  partiesOf,
  transactionPage,
  type Flag,
  type Hit,
  type Party,
  type Trace,
  type TransactionRow,
} from './queries.ts';
import { whyNotFlag, whyNotUnflag } from './target.ts';

type Related = {
  readonly parties: ReadonlyMap<bigint, Party>;
  readonly flags: readonly Flag[];
  readonly hits: readonly Hit[];
  readonly disputes: readonly DisputeLine[];
  readonly traces: readonly Trace[];
};

const statusOf = (transaction: TransactionRow): TransactionStatus => (transaction.reversedBy === null ? 'posted' : 'reversed');
const outside = (transaction: TransactionRow): string => transaction.counterparty ?? 'outside';
const ends = (transaction: TransactionRow): string =>
  `${transaction.fromNumber ?? outside(transaction)} > ${transaction.toNumber ?? outside(transaction)}`;

const legSection = (transaction: TransactionRow, side: 'from' | 'to', parties: ReadonlyMap<bigint, Party>): DetailSection => {
  const [id, number, after, sign] =
    side === 'from'
      ? [transaction.fromId, transaction.fromNumber, transaction.fromBalanceAfter, '-']
      : [transaction.toId, transaction.toNumber, transaction.toBalanceAfter, '+'];
  const party = id === null ? undefined : parties.get(id);
  const title = side === 'from' ? 'From' : 'To';
  if (!party || number === null) return { title, lines: [['Party', `${outside(transaction)}, not an account of this bank`]] };
  return {
    title,
    lines: [
      ['Account', `${number}, ${party.status} now`],
      ['Owner', `${party.ownerName} (${party.username})`],
      ['Amount', `${sign}${formatMoney(transaction.amount, transaction.currency)}`],
      ['Balance after', after === null ? '-' : formatMoney(after, transaction.currency)],
    ],
  };
};

const reversalLines = (transaction: TransactionRow): readonly DetailLine[] => [
  ...(transaction.reverses === null ? [] : [['Reverses', `transaction ${transaction.reverses}`, 'info'] as const]),
  ...(transaction.reversedBy === null ? [] : [['Reversed by', `transaction ${transaction.reversedBy}`, 'warn'] as const]),
];

const flagLines = (flags: readonly Flag[]): readonly DetailLine[] =>
  flags.flatMap((flag): DetailLine[] => [
    [formatShortInstant(flag.flaggedAt), `flagged by ${flag.flaggedBy}: ${flag.note}`, flag.clearedAt ? 'dim' : 'warn'],
    ...(flag.clearedAt ? [[formatShortInstant(flag.clearedAt), `cleared by ${flag.clearedBy}: ${flag.clearNote}`, 'dim'] as const] : []),
  ]);

const meaningOf = (rule: number, title: string): string => redFlags.find(flag => flag.rule === rule)?.means ?? title;

const hitLines = ({ atOnce }: TransactionRow, hits: readonly Hit[]): readonly DetailLine[] => [
  ...hits.map(({ rule, title, words, alert }): DetailLine => [
    ruleWord(rule),
    `${meaningOf(rule, title)}: ${words}${alert === null ? '' : `, alert #${alert}`}`,
    'bad',
  ]),
  ...atOnce
    .filter(rule => hits.every(hit => hit.rule !== rule))
    .map((rule): DetailLine => [ruleWord(rule), `${meaningOf(rule, '')}: seen at once, the rules run every minute`, 'bad']),
];

/** The rules that hit it, and those that will when they run. */
const rulesOf = ({ rules, atOnce }: TransactionRow): readonly number[] => [...new Set([...rules, ...atOnce])].toSorted((a, b) => a - b);

/** In a word or two: that it was flagged by hand, and the marks of the rules that hit it. */
const redCell = (transaction: TransactionRow): string => {
  const marks = redMarks(rulesOf(transaction));
  if (marks === '') return transaction.flagged ? 'flagged' : '';
  return transaction.flagged ? `${marks} flag` : marks;
};
const redWords = (transaction: TransactionRow): string =>
  [...rulesOf(transaction).map(ruleWord), ...(transaction.flagged ? ['flagged'] : [])].join(' ');

const disputeLines = (disputes: readonly DisputeLine[]): readonly DetailLine[] =>
  disputes.map(({ id, receivedAt, kind, status, statement, finding }) => [
    formatShortInstant(receivedAt),
    `dispute ${id} (${kind}) is ${status}: ${finding ?? statement}`,
    status === 'denied' ? 'dim' : 'warn',
  ]);

const detail = (transaction: TransactionRow, { parties, flags, hits, disputes, traces }: Related): readonly DetailSection[] => [
  {
    title: 'Transaction',
    lines: [
      ['Id', String(transaction.id)],
      ['Type', transaction.type],
      ['Status', statusOf(transaction), transaction.reversedBy === null ? 'plain' : 'warn'],
      ['Amount', formatMoney(transaction.amount, transaction.currency)],
      ['Posted', formatInstant(transaction.postedAt)],
      ['Business day', transaction.businessDay.toISOString().slice(0, 10)],
      ['Channel', transaction.channel],
      ['Counterparty', transaction.counterparty ?? '-'],
      ['Description', transaction.description || '-'],
      ...reversalLines(transaction),
    ],
  },
  ...(rulesOf(transaction).length === 0 ? [] : [{ title: 'Red flags', lines: hitLines(transaction, hits) }]),
  legSection(transaction, 'from', parties),
  legSection(transaction, 'to', parties),
  ...(flags.length === 0 ? [] : [{ title: 'Flags', lines: flagLines(flags) }]),
  ...(disputes.length === 0 ? [] : [{ title: 'Disputes', lines: disputeLines(disputes) }]),
  ...(traces.length === 0
    ? []
    : [
        {
          title: 'Audit',
          table: {
            columns: ['Row', 'At', 'Operator', 'Action', 'Outcome'],
            rows: traces.map(({ seq, at, operator, action, outcome }) => [
              String(seq),
              formatShortInstant(at),
              operator ?? '-',
              action,
              outcome,
            ]),
          },
        },
      ]),
];

/** The sender's side, or the receiver's where the sender is outside. */
const ownSide = (transaction: TransactionRow): string | null => transaction.fromNumber ?? transaction.toNumber;
const toAccount =
  (resource: string, field: string) =>
  (transaction: TransactionRow): Jump | undefined => {
    const number = ownSide(transaction);
    return number === null ? undefined : { resource, filter: `${field}=${number}` };
  };

export const transactions = defineResource<TransactionRow, Related>({
  id: 'transactions',
  title: 'Transactions',
  entity: 'transaction',
  aliases: ['transaction', 'tx'],
  permission: 'transaction.read',
  page: transactionPage,
  since: 'posted',
  nameOf: transaction => `transaction ${transaction.id}`,

  columns: [
    {
      title: 'Posted',
      width: 11,
      sort: 'posted',
      cell: transaction => formatShortInstant(transaction.postedAt),
      value: transaction => isoInstant(transaction.postedAt),
    },
    { title: 'Id', width: 9, align: 'right', priority: 3, cell: transaction => String(transaction.id) },
    { title: 'Type', width: 10, cell: transaction => transaction.type, tone: ({ type }) => (type === 'reversal' ? 'warn' : 'plain') },
    { title: 'From > to', width: 'fill', cell: ends },
    {
      title: 'Amount',
      width: 14,
      align: 'right',
      sort: 'amount',
      cell: transaction => formatMoney(transaction.amount, transaction.currency),
    },
    { title: 'Red', width: 8, cell: redCell, value: redWords, tone: row => (rulesOf(row).length > 0 ? 'bad' : 'warn') },
    { title: 'Channel', width: 14, priority: 3, cell: transaction => transaction.channel },
    { title: 'Description', width: 24, priority: 2, cell: transaction => transaction.description },
    {
      title: 'Status',
      width: 8,
      priority: 2,
      cell: statusOf,
      tone: transaction => (transaction.reversedBy === null ? 'plain' : 'warn'),
    },
  ],

  stream: transaction => {
    const words = redWords(transaction);
    const text = `${transaction.type.padEnd(10)}  ${ends(transaction)}  ${formatMoney(transaction.amount, transaction.currency)}`;
    return {
      at: transaction.postedAt,
      text: words === '' ? text : `${words}: ${text}`,
      tone: words === '' ? 'plain' : rulesOf(transaction).length > 0 ? 'bad' : 'warn',
    };
  },

  relate: async (db, transaction) => {
    const [parties, flags, hits, disputes, traces] = await Promise.all([
      partiesOf(db, transaction),
      flagsOfTransaction(db, transaction),
      hitsOn(db, transaction.id),
      disputesAbout(db, transaction.id),
      auditOf(db, transaction),
    ]);
    return { parties, flags, hits, disputes, traces };
  },
  detail,

  actions: {
    f: on('transactions.flag', whyNotFlag),
    u: on('transactions.unflag', whyNotUnflag),
    v: on('transactions.reverse', whyNotReverse),
    d: { action: 'disputes.receive', single: true, inputFrom: ({ id }) => ({ transaction: String(id) }), whyNot: whyNotReverse },
  },
  jumps: {
    u: toAccount('users', 'account'),
    a: toAccount('accounts', 'number'),
    t: toAccount('transactions', 'account'),
    l: transaction => ({ resource: 'audit', filter: `entity=transaction record=${transaction.id}` }),
  },
});
