import { markLookAlike } from './look-alike.ts';
import { formatAmount } from './money.ts';
import { columnsOf, fit, safe } from './safe-text.ts';

/** Money between one account and another party, over some transactions; minor units. */
export type Flow = { readonly party: string; readonly incoming: boolean; readonly amount: bigint; readonly count: number };
/** What moved around an account. */
export type MoneyFlow = { readonly account: string; readonly currency: string; readonly flows: readonly Flow[] };

type FlowOptions = {
  /** Columns to draw in. */
  readonly width: number;
  /** For a terminal without box-drawing signs. */
  readonly ascii?: boolean;
};

/** One party: who, and what is written on its arrow. */
type Arm = { readonly party: string; readonly label: string };
/** The parties on one side, with the columns of their names and arrows. */
type Side = { readonly arms: readonly Arm[]; readonly party: number; readonly arrow: number };

/** Most parties on a side where both stand beside the account, and where they stand above and below it: smaller ones are drawn together. */
const most = { beside: 8, stacked: 5 } as const;
/** An arrow has this many columns beyond what is written on it, so that it is seen. */
const arrowEnds = 4;
/** A name is cut to no less: account numbers have as many digits. */
const shortestName = 12;
const longestName = 40;

const armsOf = ({ flows, currency }: MoneyFlow, incoming: boolean, room: number): readonly Arm[] => {
  const side = flows.filter(flow => flow.incoming === incoming).toSorted((a, b) => Number(b.amount - a.amount));
  const arm = (party: string, amount: bigint, count: number): Arm => ({
    party: markLookAlike(safe(party, { max: longestName })),
    label: `${count === 1 ? '' : `${count.toLocaleString('en')}x `}${formatAmount(amount, currency)}`,
  });
  const kept = side.length > room ? side.slice(0, room - 1) : side;
  const rest = side.slice(kept.length);
  const total = rest.reduce((sum, { amount }) => sum + amount, 0n);
  const together = rest.reduce((sum, { count }) => sum + count, 0);
  return [
    ...kept.map(({ party, amount, count }) => arm(party, amount, count)),
    ...(rest.length > 0 ? [arm(`${rest.length} others`, total, together)] : []),
  ];
};

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(columnsOf));

const sideOf = (arms: readonly Arm[]): Side => ({
  arms,
  party: widest(arms.map(({ party }) => party)),
  arrow: widest(arms.map(({ label }) => label)) + arrowEnds,
});

/** Name, arrow, joint and the blanks between them. */
const columnsOfSide = ({ arms, party, arrow }: Side): number => (arms.length === 0 ? 0 : party + arrow + 3);
const cutBy = (side: Side, columns: number): Side => ({ ...side, party: Math.max(shortestName, side.party - Math.max(0, columns)) });

/** Both sides cut to share what there is; the longer names give way first. Undefined where even the shortest do not fit. */
const fitted = (incoming: Side, outgoing: Side, room: number): readonly [Side, Side] | undefined => {
  const surplus = columnsOfSide(incoming) + columnsOfSide(outgoing) - room;
  if (surplus <= 0) return [incoming, outgoing];
  const ahead = incoming.party - outgoing.party;
  const first = Math.min(surplus, Math.abs(ahead)) + Math.max(0, Math.ceil((surplus - Math.abs(ahead)) / 2));
  const cut =
    ahead > 0 ? [cutBy(incoming, first), cutBy(outgoing, surplus - first)] : [cutBy(incoming, surplus - first), cutBy(outgoing, first)];
  const [left, right] = cut as [Side, Side];
  return columnsOfSide(left) + columnsOfSide(right) <= room ? [left, right] : undefined;
};

/** What joins the arms of a side: a corner at both ends, a branch between, a crossing at the row of the account. */
const joint = (row: number, rows: number, middle: number, incoming: boolean): string => {
  const [first, last] = [row === 0, row === rows - 1];
  if (rows === 1) return '─';
  if (row === middle) return first ? '┬' : last ? '┴' : '┼';
  if (first) return incoming ? '┐' : '┌';
  if (last) return incoming ? '┘' : '└';
  return incoming ? '┤' : '├';
};

const asciiSigns: Readonly<Record<string, string>> = { '─': '-', '│': '|', '▶': '>', '▼': 'v' };
const inAscii = (line: string): string => line.replaceAll(/[─│┌┐└┘├┤┬┴┼▶▼]/g, sign => asciiSigns[sign] ?? '+');

const arrowOf = (label: string, width: number): string => {
  const dashes = Math.max(2, width - columnsOf(label) - 2);
  const before = Math.floor(dashes / 2);
  return `${'─'.repeat(before)} ${label} ${'─'.repeat(dashes - before)}`;
};

const sideLine = (side: Side, row: number, middle: number, incoming: boolean): string => {
  const { arms, party, arrow } = side;
  const first = middle - Math.floor((arms.length - 1) / 2);
  const arm = arms[row - first];
  if (!arm) return ' '.repeat(columnsOfSide(side));
  const corner = joint(row - first, arms.length, middle - first, incoming);
  const line = arrowOf(arm.label, arrow);
  return incoming
    ? `${fit(arm.party, party, 'right')} ${line}${corner}${row === middle ? '▶' : ' '}`
    : `${corner}${line}▶ ${fit(arm.party, party)}`;
};

const beside = (incoming: Side, outgoing: Side, account: string): readonly string[] => {
  const rows = Math.max(1, incoming.arms.length, outgoing.arms.length);
  const middle = Math.floor((rows - 1) / 2);
  return Array.from({ length: rows }, (_, row) => {
    const own = row === middle ? account : ' '.repeat(columnsOf(account));
    return [sideLine(incoming, row, middle, true), own, sideLine(outgoing, row, middle, false)].filter(part => part !== '').join(' ');
  });
};

/** For narrow places: those that pay above the account, those that are paid below it. */
const stacked = (incoming: Side, outgoing: Side, account: string, width: number): readonly string[] => {
  const narrowed = (side: Side): Side => cutBy(side, columnsOfSide(side) - (width - 3));
  const [above, below] = [narrowed(incoming), narrowed(outgoing)];
  const column = above.party + above.arrow + 1;
  const indent = Math.max(
    0,
    Math.min(above.arms.length === 0 ? 0 : column - Math.floor(columnsOf(account) / 2), width - columnsOf(account)),
  );
  return [
    ...above.arms.map(
      ({ party, label }, row) => `${fit(party, above.party, 'right')} ${arrowOf(label, above.arrow)}${row === 0 ? '┐' : '┤'}`,
    ),
    ...(above.arms.length === 0 ? [] : [`${' '.repeat(column)}▼`]),
    ' '.repeat(indent) + account,
    ...below.arms.map(({ party, label }, row) => `  ${row === below.arms.length - 1 ? '└' : '├'}${arrowOf(label, below.arrow)}▶ ${party}`),
  ];
};

/**
 * Who paid an account and whom it paid, with what moved written on the arrows, the largest first: the account stands between those that pay and
 * those that are paid, side by side where there is room and one above the other where there is not. Names are made safe. At most 12 lines.
 */
export const drawMoneyFlow = (flow: MoneyFlow, { width, ascii = false }: FlowOptions): readonly string[] => {
  const account = `[${safe(flow.account, { max: longestName })}]`;
  const sides = (room: number) => [sideOf(armsOf(flow, true, room)), sideOf(armsOf(flow, false, room))] as const;
  const wide = fitted(...sides(most.beside), width - columnsOf(account) - 2);
  const lines = wide ? beside(...wide, account) : stacked(...sides(most.stacked), account, width);
  const cut = lines.map(line => fit(line, width).trimEnd());
  return ascii ? cut.map(inAscii) : cut;
};
