import type { Streams } from '../cli/streams.ts';
import type { Config } from '../config.ts';
import { openDirect, type Direct } from '../database/direct.ts';
import { openLocalServer } from '../database/local-server.ts';

/** Where a database is, and how to leave it. */
export type Address = { readonly url: string; readonly embedded: boolean; readonly release: () => Promise<void> };

/** What is done with a database: what only its owner may, or what a console does. */
export type Purpose = 'owner' | 'console';

/** The database of the environment, or the embedded one, started where it does not run. */
export const findDatabase = async (
  { databaseUrl, ownerUrl, home }: Config,
  onProgress: (text: string) => void,
  purpose: Purpose = 'console',
): Promise<Address> => {
  if (databaseUrl !== undefined) {
    return { url: (purpose === 'owner' ? ownerUrl : undefined) ?? databaseUrl, embedded: false, release: async () => undefined };
  }
  const server = await openLocalServer({ home, onProgress });
  return { url: server.url, embedded: true, release: server.release };
};

/** One plain connection without a time limit for as long as the work takes. */
export const withConnection = async <T>(
  url: string,
  wishes: { readonly name: string; readonly readOnly: boolean },
  work: (connection: Direct) => Promise<T>,
): Promise<T> => {
  // What breaks the connection is thrown by the statement that notices
  const connection = await openDirect(
    url,
    { applicationName: `bursar ${wishes.name}`, readOnly: wishes.readOnly, statementTimeoutMs: 0 },
    () => undefined,
  );
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
};

/** A connection to the configured database, which is left again whatever happens. */
export const withDatabase = async <T>(
  { config, streams }: { readonly config: Config; readonly streams: Pick<Streams, 'say'> },
  wishes: { readonly name: string; readonly readOnly: boolean; readonly purpose?: Purpose },
  work: (connection: Direct, url: string) => Promise<T>,
): Promise<T> => {
  const { url, release } = await findDatabase(config, streams.say, wishes.purpose);
  try {
    return await withConnection(url, wishes, connection => work(connection, url));
  } finally {
    await release();
  }
};
