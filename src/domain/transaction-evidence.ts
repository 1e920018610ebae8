import { formatShortInstant } from './day.ts';
import type { Flow, MoneyFlow } from './money-flow.ts';
import { formatAmount, formatMoney } from './money.ts';

/** A transaction that rules hit. The sides are account numbers, or who is outside; amounts are minor units. */
export type HitTransaction = {
  readonly id: bigint;
  readonly postedAt: Date;
  readonly type: string;
  readonly fromId: bigint | null;
  readonly toId: bigint | null;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly description: string;
};

/** The account that they are looked at from. */
type Seat = { readonly accountId: bigint; readonly account: string; readonly currency: string };

/** Between whom money moved, as seen from one account: each other party once for either direction. */
export const flowAround = ({ accountId, account, currency }: Seat, transactions: readonly HitTransaction[]): MoneyFlow => {
  const flows = new Map<string, Flow>();
  for (const { fromId, toId, from, to, amount } of transactions) {
    const incoming = toId === accountId;
    if (!incoming && fromId !== accountId) continue;
    const party = incoming ? from : to;
    const key = `${incoming ? 'from' : 'to'} ${party}`;
    const known = flows.get(key);
    flows.set(key, { party, incoming, amount: (known?.amount ?? 0n) + amount, count: (known?.count ?? 0) + 1 });
  }
  return { account, currency, flows: [...flows.values()] };
};

const sumOf = ({ flows }: MoneyFlow, incoming: boolean): bigint =>
  flows.filter(flow => flow.incoming === incoming).reduce((total, { amount }) => total + amount, 0n);

const columns = ['Posted', 'Amount', 'Party', 'Id', 'Type'] as const;

/** A transaction as its account sees it: what came or went, and from whom or to whom. */
const rowFor =
  ({ accountId, currency }: Seat) =>
  (each: HitTransaction): readonly string[] => {
    const amount = each.currency === currency ? formatAmount(each.amount, currency) : formatMoney(each.amount, each.currency);
    const [sign, party] =
      each.toId === accountId ? ['+', each.from] : each.fromId === accountId ? ['-', each.to] : ['', `${each.from} > ${each.to}`];
    return [formatShortInstant(each.postedAt), `${sign}${amount}`, party, String(each.id), each.type];
  };

/** What moved, drawn; nothing where nothing did. */
export const flowSection = (seat: Seat, transactions: readonly HitTransaction[]) => {
  if (transactions.length === 0) return [];
  const flow = flowAround(seat, transactions);
  const sums = `${formatAmount(sumOf(flow, true), seat.currency)} in, ${formatAmount(sumOf(flow, false), seat.currency)} out`;
  return [{ title: `Who paid whom (${seat.currency}): ${sums}`, flow }];
};

/** The transactions that it is made of, newest first. */
export const transactionSection = (seat: Seat, transactions: readonly HitTransaction[], most = 20) =>
  transactions.length === 0
    ? []
    : [
        {
          title: transactions.length > most ? `Transactions, the newest ${most} of ${transactions.length}` : 'Transactions',
          table: { columns, rows: transactions.slice(0, most).map(rowFor(seat)) },
        },
      ];
