import { Client } from 'pg';
import { connectionSettings } from '../../src/database/settings.ts';
import { patient } from './patient.ts';

/** One statement on a connection of its own, as whoever the address names. */
export const query = async (url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
  // what reads a whole demo bank takes a busy machine longer than a console would wait
  const client = new Client(patient(connectionSettings(url, { applicationName: 'test', statementTimeoutMs: 100_000 })));
  // a server killed under the connection shows in the query itself
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
};

/** How many rows there are of what stands behind FROM. */
export const countOf = async (url: string, what: string): Promise<number> =>
  Number((await query(url, `SELECT count(*) AS n FROM ${what}`))[0]?.['n']);

/** Sessions of this database alone that wait for a lock: the tests beside it on the same server have locks of their own. */
export const waitingHere = `SELECT FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
