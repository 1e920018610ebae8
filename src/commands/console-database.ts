import type { Database } from '../database/client.ts';
import type { CommandContext } from './command.ts';
import { loginsOf } from './logins.ts';
import { findDatabase, type Purpose } from './with-database.ts';

/** Opens the configured database without signing anybody in, and leaves it again whatever happens. */
export const withConsoleDatabase = async <T>(
  { config, streams }: Pick<CommandContext, 'config' | 'streams'>,
  purpose: Purpose,
  work: (database: Database) => Promise<T>,
): Promise<T> => {
  const address = await findDatabase(config, streams.say, purpose);
  try {
    const { openDatabase } = await import('../database/client.ts');
    const url = purpose === 'owner' ? address.url : (await loginsOf(address, config, false)).console;
    const database = openDatabase({ url, applicationName: `bursar ${process.pid} ${purpose}` });
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  } finally {
    await address.release();
  }
};
