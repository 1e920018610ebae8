import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { sealNotice } from '../../src/database/secret-key.ts';
import { loadOperator } from '../../src/database/sign-in.ts';
import type { Acting } from '../../src/kit/request.ts';
import { aBank, type Bank } from './acting.ts';

const secretKey = randomBytes(32);

/** A bank with an operator who acts through the kit, as screen and command do. */
export type ActingBank = AsyncDisposable & { readonly bank: Bank; readonly database: Database; readonly acting: Acting };

export const anActingBank = async (options: Parameters<typeof aBank>[0] = {}): Promise<ActingBank> => {
  const bank = await aBank(options);
  const database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
  const acting = {
    database,
    operator: await loadOperator(database.reads, bank.one.name),
    token: bank.one.token,
    currency: 'EUR',
    environment: 'test',
    sealSecret: async (text: string) => sealNotice(secretKey, text),
  };
  return {
    bank,
    database,
    acting,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await bank[Symbol.asyncDispose]();
    },
  };
};
