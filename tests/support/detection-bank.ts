import { openDatabase, type Database } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { watchOf, type DetectionRun, type Watch } from '../../src/kit/watch.ts';
import { aBank, type Bank, type TestOperator } from './acting.ts';
import { post } from './posting.ts';

/** A hit as a rule would raise it. */
export const hitOf = (account: string, transaction: string) => ({
  accountId: BigInt(account),
  lastId: BigInt(transaction),
  transactionIds: [BigInt(transaction)],
  observed: {},
  words: 'seen by a test',
});

export type DetectionBank = AsyncDisposable & {
  readonly bank: Bank;
  readonly watch: Watch;
  /** The same for somebody else's console. */
  readonly as: (operator: TestOperator) => Watch;
  readonly set: (key: string, value: number | string) => Promise<void>;
  /** A run; one that another console left behind is taken for dead at once. */
  readonly begin: (watch?: Watch) => Promise<DetectionRun>;
  readonly deposit: (account: string) => Promise<string>;
  /** Raises hits of rules about one new deposit. */
  readonly hit: (account: string, ...rules: number[]) => Promise<void>;
};

export const aDetectionBank = async (): Promise<DetectionBank> => {
  const bank = await aBank({ limits: 1_000_000 });
  const database: Database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
  const as = (operator: TestOperator): Watch => watchOf(database, operator.token);
  const watch = as(bank.one);
  const begin = async (by = watch): Promise<DetectionRun> => {
    await bank.behindItsBack('UPDATE ops.detection_run SET lease_until = started_at WHERE finished_at IS NULL');
    const run = await by.begin();
    if (!run) throw new Error('no run was begun');
    return run;
  };
  const deposit = async (account: string): Promise<string> =>
    (await post(bank.db, { type: 'deposit', to: account, amount: 100 })).transaction_id ?? '';
  return {
    bank,
    watch,
    as,
    set: (key, value) => bank.behindItsBack('UPDATE platform.setting SET value = $2 WHERE key = $1', [key, JSON.stringify(value)]),
    begin,
    deposit,
    hit: async (account, ...rules) => {
      const transaction = await deposit(account);
      const run = await begin();
      for (const id of rules) await watch.raise(run, { id, version: 1 }, {}, [hitOf(account, transaction)]);
      await watch.finish(run);
    },
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await bank[Symbol.asyncDispose]();
    },
  };
};
