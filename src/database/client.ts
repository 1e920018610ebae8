import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient, type Prisma } from './generated/client.ts';
import { connectionSettings } from './settings.ts';

/** What a query is given: the client itself, or a transaction of it. */
export type Db = Prisma.TransactionClient;

export type Database = {
  /** Pages and details; every statement is read-only, whatever it says. */
  readonly reads: Db;
  /** One transaction; rolls back when `work` throws. Read committed: contract functions lock what they decide on. */
  readonly transaction: <T>(work: (db: Db) => Promise<T>) => Promise<T>;
  /** Statements outside of actions, such as sign-in and the record of a refused attempt. */
  readonly writes: Db;
  /** Cancels the reads this console has under way; returns how many. */
  readonly cancelReads: () => Promise<number>;
  readonly close: () => Promise<void>;
};

export type DatabaseOptions = {
  readonly url: string;
  /** Names the console among the server's connections. */
  readonly applicationName: string;
  readonly readOnly?: boolean;
};

const connect = (options: DatabaseOptions, purpose: 'reads' | 'writes', connections: number) => {
  const readOnly = purpose === 'reads' || options.readOnly === true;
  const settings = connectionSettings(options.url, { applicationName: `${options.applicationName} ${purpose}`, readOnly });
  const adapter = new PrismaPg({ ...settings, max: connections, idleTimeoutMillis: 60_000, connectionTimeoutMillis: 5_000 });
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
};

/** How long a change may take in all, in milliseconds; the server's own timeouts are shorter. */
const transactionTimeout = 15_000;

/** Opens a database; connects with the first statement. Throws DatabaseUrlError when the address cannot be used. */
export const openDatabase = (options: DatabaseOptions): Database => {
  const reads = connect(options, 'reads', 4);
  const writes = connect(options, 'writes', 4);
  return {
    reads,
    writes,
    transaction: work => writes.$transaction(work, { maxWait: 5_000, timeout: transactionTimeout, isolationLevel: 'ReadCommitted' }),
    cancelReads: async () => {
      const rows = await writes.$queryRaw<{ cancelled: boolean }[]>`
        SELECT pg_cancel_backend(pid) AS cancelled FROM pg_stat_activity
         WHERE application_name = ${`${options.applicationName} reads`} AND state = 'active'`;
      return rows.length;
    },
    close: async () => {
      await Promise.all([reads.$disconnect(), writes.$disconnect()]);
    },
  };
};
