import { act, refusal, type Bank } from './acting.ts';
import { insertPosting, post, type Wish } from './posting.ts';
import { pick, type Moves, type Operation } from './bank-model.ts';

/** The real bank under a random sequence; `posted` grows as transactions come into being. */
type Context = { readonly bank: Bank; readonly ids: readonly string[]; readonly posted: string[]; readonly keys: readonly string[] };

const wishOf = ({ ids }: Context, { type, from, to, amount }: Moves): Wish => ({
  type,
  from: from === null ? null : (ids[from] ?? null),
  to: to === null ? null : (ids[to] ?? null),
  amount,
});

const remember = ({ posted }: Context, id: string | null): void => {
  if (id !== null && !posted.includes(id)) posted.push(id);
};

const byContract = async (context: Context, wish: Wish): Promise<string> => {
  let code = 'done';
  const refused = await refusal(context.bank.db, async () => {
    const answer = await post(context.bank.db, wish);
    remember(context, answer.transaction_id);
    code = answer.code ?? 'done';
  });
  return refused.code === 'done' ? code : refused.code;
};

/** A refused posting is named by its reason, everything else by the code of the error. */
const nameOf = ({ code, detail }: { code: string; detail: string }): string => (code === 'BU006' ? detail : code);

const byInsert = async (context: Context, wish: Wish): Promise<string> =>
  nameOf(await refusal(context.bank.db, async () => remember(context, await insertPosting(context.bank.db, wish))));

const reverse = async (context: Context, transaction: number): Promise<string> => {
  const { db, one } = context.bank;
  const original = context.posted[pick(transaction, context.posted.length)] ?? '-1';
  const turnRound = async (): Promise<string | null> => {
    const { rows } = await db.query<{ id: string }>(`SELECT bank.reverse_transaction($1, 'entered twice') AS id`, [original]);
    return rows[0]?.id ?? null;
  };
  const work = () =>
    act(db, one, 'transactions.reverse', turnRound, { target: ['transaction', original] }).then(id => remember(context, id));
  return nameOf(await refusal(db, work));
};

const statements: Readonly<Record<Extract<Operation, { account: number }>['kind'], string>> = {
  approve: `bank.set_account_status(a.id, 'active', a.version)`,
  reject: `bank.set_account_status(a.id, 'rejected', a.version)`,
  freeze: `ops.place_hold(a.id, a.version, 'compliance', 'held for a test', current_date + 7, false)`,
  unfreeze: `ops.release_holds(a.id, a.version, 'cause resolved')`,
  'retract-freeze': `ops.retract_hold(a.id, a.version, 'wrong account')`,
  'retract-approval': 'bank.retract_approval(a.id, a.version)',
  close: `bank.set_account_status(a.id, 'closed', a.version)`,
};

/** Carries one operation out; 'done' or why not. */
export const carryOut = async (context: Context, operation: Operation): Promise<string> => {
  const { db, one } = context.bank;
  switch (operation.kind) {
    case 'post':
      return byContract(context, wishOf(context, operation));
    case 'insert':
      return byInsert(context, wishOf(context, operation));
    case 'repeat':
      return byContract(context, { ...wishOf(context, operation), key: context.keys[operation.key] ?? '' });
    case 'reverse':
      return reverse(context, operation.transaction);
    default: {
      const statement = `SELECT ${statements[operation.kind]} FROM bank.account a WHERE a.id = $1`;
      const account = context.ids[operation.account] ?? '';
      const target = ['account', account] as const;
      return nameOf(await refusal(db, () => act(db, one, `accounts.${operation.kind}`, () => db.query(statement, [account]), { target })));
    }
  }
};
