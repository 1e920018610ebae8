import { randomBytes, randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { sealNotice } from '../../src/database/secret-key.ts';
import { loadOperator } from '../../src/database/sign-in.ts';
import type { Acting, Typed } from '../../src/kit/request.ts';
import { runAction } from '../../src/kit/run-action.ts';
import { actions } from '../../src/resources/registry.ts';
import { aBank, type Bank, type TestOperator } from './acting.ts';
import { aPlatform } from './platform.ts';

const secretKey = randomBytes(32);

/** A bank with an operator who acts through the kit, as screen and command do. */
export type ActingBank = AsyncDisposable & {
  readonly bank: Bank;
  readonly database: Database;
  readonly acting: Acting;
  /** The same through the kit for somebody else. */
  readonly as: (operator: TestOperator) => Promise<Acting>;
  /** Whoever owns the database, for ten minutes. */
  readonly asOwner: () => Promise<Acting>;
};

export const anActingBank = async (options: Parameters<typeof aBank>[0] = {}): Promise<ActingBank> => {
  const bank = await aBank(options);
  const database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
  const owned = openDatabase({ url: bank.url, applicationName: 'bursar test' });
  const through = async (connected: Database, { name, token }: Pick<TestOperator, 'name' | 'token'>): Promise<Acting> => ({
    database: connected,
    operator: await loadOperator(connected.reads, name),
    token,
    currency: 'EUR',
    environment: 'test',
    platform: aPlatform,
    sealSecret: async text => sealNotice(secretKey, text),
  });
  const as = (operator: TestOperator): Promise<Acting> => through(database, operator);
  return {
    bank,
    database,
    acting: await as(bank.one),
    as,
    asOwner: async () => {
      const token = `token-${randomUUID()}`;
      await bank.rows(`SELECT ops.open_owner_session($1, 'test', 'tried by a test')`, [token]);
      return through(owned, { name: 'database-owner', token });
    },
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await owned.close();
      await bank[Symbol.asyncDispose]();
    },
  };
};

/** Asks for what takes two people; gives the number of the request. */
export const ask = async ({ bank }: Pick<ActingBank, 'bank'>, acting: Acting, id: string, typed: Typed): Promise<string> => {
  const request = randomUUID();
  const action = actions.find(candidate => candidate.id === id);
  if (!action) throw new Error(`there is no action ${id}`);
  const outcome = await runAction(action, typed, acting, { request });
  if (outcome.ok || outcome.refusal.kind !== 'waiting-for-approval')
    throw new Error(`${id} did not ask anybody: ${JSON.stringify(outcome)}`);
  const [row] = await bank.rows<{ number: string }>('SELECT number FROM ops.approval WHERE id = $1', [request]);
  return row?.number ?? '';
};
