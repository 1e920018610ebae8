import { Client } from 'pg';
import type { LoginRole } from '../../src/database/grants.ts';
import { asRole } from '../../src/database/role-url.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { patient } from './patient.ts';

/** A plain connection as one of the roles, as psql would make it. */
export const connectAs = async (url: string, role: LoginRole): Promise<Client> => {
  const client = new Client(patient(connectionSettings(asRole(url, role), { applicationName: 'psql', statementTimeoutMs: 60_000 })));
  client.on('error', () => undefined);
  await client.connect();
  return client;
};
