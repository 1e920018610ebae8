import fc from 'fast-check';
import type { AccountStatus } from './acting.ts';

type PostingType = 'deposit' | 'withdrawal' | 'transfer';
/** Who pays whom; accounts by their place. */
export type Moves = { readonly type: PostingType; readonly from: number | null; readonly to: number | null; readonly amount: number };

/** What a random sequence is made of; accounts, transactions and keys are named by their place. */
export type Operation =
  | ({ readonly kind: 'post' | 'insert' } & Moves)
  | ({ readonly kind: 'repeat'; readonly key: number } & Moves)
  | { readonly kind: 'reverse'; readonly transaction: number }
  | {
      readonly kind: 'approve' | 'reject' | 'freeze' | 'unfreeze' | 'retract-freeze' | 'retract-approval' | 'close';
      readonly account: number;
    };

type Account = { status: AccountStatus; balance: number; wasUsed: boolean; readonly used: Record<PostingType, number> };
type Posted = Moves & { readonly isReversal: boolean; isReversed: boolean };
type Key = { content: string; code: string } | undefined;
export type Model = { readonly accounts: Account[]; readonly posted: Posted[]; readonly keys: Key[] };

const keys = 4;
const single = 6_000;
const daily = 15_000;

export const newModel = (accounts: number): Model => ({
  accounts: Array.from({ length: accounts }, () => ({
    status: 'pending',
    balance: 0,
    wasUsed: false,
    used: { deposit: 0, withdrawal: 0, transfer: 0 },
  })),
  posted: [],
  keys: Array.from({ length: keys }, () => undefined),
});

/** What every sequence begins with: all accounts but two are open, and most of these have money. */
export const prelude = (accounts: number): readonly Operation[] =>
  Array.from({ length: accounts - 2 }, (_, account): Operation[] => [
    { kind: 'approve', account },
    { kind: 'post', type: 'deposit', from: null, to: account, amount: 3_000 * account },
  ]).flat();

/** Which of so many transactions a number means; now and then the one after the last. */
export const pick = (number: number, posted: number): number => number % (posted + 1);

/** Operations of which most can succeed; all of them may come at any time. */
export const operations = (accounts: number): fc.Arbitrary<Operation> => {
  const account = fc.nat(accounts - 1);
  const amount = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 4_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, -5, single, single + 1) },
  );
  const lawful = fc.oneof(
    fc.record({ type: fc.constant('deposit' as const), from: fc.constant(null), to: account, amount }),
    fc.record({ type: fc.constant('withdrawal' as const), from: account, to: fc.constant(null), amount }),
    fc.record({ type: fc.constant('transfer' as const), from: account, to: account, amount }),
  );
  const any = fc.record({
    type: fc.constantFrom('deposit' as const, 'withdrawal' as const, 'transfer' as const),
    from: fc.option(account),
    to: fc.option(account),
    amount,
  });
  const moves = fc.oneof({ weight: 12, arbitrary: lawful }, { weight: 1, arbitrary: any });
  const onAccount = (kind: Extract<Operation, { account: number }>['kind'], weight: number) => ({
    weight,
    arbitrary: account.map(of => ({ kind, account: of }) as const),
  });
  return fc.oneof(
    { weight: 20, arbitrary: moves.map(of => ({ kind: 'post', ...of }) as const) },
    { weight: 8, arbitrary: moves.map(of => ({ kind: 'insert', ...of }) as const) },
    { weight: 4, arbitrary: fc.tuple(fc.nat(keys - 1), moves).map(([key, of]) => ({ kind: 'repeat', key, ...of }) as const) },
    { weight: 5, arbitrary: fc.nat(1_000).map(transaction => ({ kind: 'reverse', transaction }) as const) },
    onAccount('approve', 2), onAccount('freeze', 2), onAccount('unfreeze', 3), onAccount('retract-freeze', 3), onAccount('retract-approval', 1), onAccount('reject', 1), onAccount('close', 1),
  ); // prettier-ignore
};

const place = (model: Model, index: number | null): Account | undefined => (index === null ? undefined : model.accounts[index]);

const objection = (model: Model, { type, from, to, amount }: Moves, isReversal: boolean): string | undefined => {
  const [payer, payee] = [place(model, from), place(model, to)];
  if (amount <= 0) return 'amount';
  if (
    (from !== null && from === to) ||
    (!isReversal && (Boolean(payer) !== (type !== 'deposit') || Boolean(payee) !== (type !== 'withdrawal')))
  )
    return 'legs';
  for (const side of [payer, payee]) {
    if (side && side.status !== 'active' && !(isReversal && side.status === 'frozen')) return `account-${side.status}`;
  }
  if (payer && payer.balance < amount) return 'insufficient-funds';
  if (isReversal) return undefined;
  if (amount > single) return 'single-limit';
  const side = type === 'deposit' ? payee : payer;
  return amount > daily - (side?.used[type] ?? 0) ? 'daily-limit' : undefined;
};

const apply = (model: Model, moves: Moves, isReversal: boolean): string => {
  const refused = objection(model, moves, isReversal);
  if (refused) return refused;
  const [payer, payee] = [place(model, moves.from), place(model, moves.to)];
  if (payer) payer.balance -= moves.amount;
  if (payee) payee.balance += moves.amount;
  for (const side of [payer, payee]) if (side) side.wasUsed = true;
  const counted = moves.type === 'deposit' ? payee : payer;
  if (counted && !isReversal) counted.used[moves.type] += moves.amount;
  model.posted.push({ ...moves, isReversal, isReversed: false });
  return 'done';
};

/** One key: its first content and answer stay. */
const repeat = (model: Model, { key, ...moves }: Extract<Operation, { kind: 'repeat' }>): string => {
  const content = JSON.stringify([moves.type, moves.from, moves.to, moves.amount]);
  const known = model.keys[key];
  if (known) return known.content === content ? known.code : 'BU003';
  const code = apply(model, moves, false);
  model.keys[key] = { content, code };
  return code;
};

const reverse = (model: Model, number: number): string => {
  const original = model.posted[pick(number, model.posted.length)];
  if (!original) return 'BU011';
  if (original.isReversal || original.isReversed) return 'BU007';
  const code = apply(model, { ...original, from: original.to, to: original.from }, true);
  if (code === 'done') original.isReversed = true;
  return code;
};

type Step = {
  readonly from: readonly AccountStatus[];
  readonly to: AccountStatus;
  readonly objection?: (account: Account) => string | undefined;
};
const steps: Readonly<Record<Extract<Operation, { account: number }>['kind'], Step>> = {
  approve: { from: ['pending'], to: 'active' },
  reject: { from: ['pending'], to: 'rejected' },
  freeze: { from: ['active'], to: 'frozen' },
  unfreeze: { from: ['frozen'], to: 'active' },
  'retract-freeze': { from: ['frozen'], to: 'active' },
  'retract-approval': { from: ['active'], to: 'pending', objection: account => (account.wasUsed ? 'BU009' : undefined) },
  // a frozen account has a hold: the commit refuses, if the money does not before
  close: {
    from: ['active', 'frozen'],
    to: 'closed',
    objection: account => (account.balance > 0 ? '23514' : account.status === 'frozen' ? 'BU007' : undefined),
  },
};

const move = (account: Account | undefined, { from, to, objection: objects }: Step): string => {
  if (!account?.status || !from.includes(account.status)) return 'BU007';
  const refused = objects?.(account);
  if (refused) return refused;
  account.status = to;
  return 'done';
};

/** What the bank must answer, and what it is like afterwards. */
export const expectedOf = (model: Model, operation: Operation): string => {
  switch (operation.kind) {
    case 'post':
    case 'insert':
      return apply(model, operation, false);
    case 'repeat':
      return repeat(model, operation);
    case 'reverse':
      return reverse(model, operation.transaction);
    default:
      return move(model.accounts[operation.account], steps[operation.kind]);
  }
};
