import { done, type Outcome } from '../domain/outcome.ts';
import { HostName as Name } from '../domain/remote-host.ts';
import type { Context } from '../kit/define-action.ts';
import type { NamedHost } from '../resources/hosts/queries.ts';
import { hostsNamed } from './hosts.ts';

/** The host of the database, as the inventory calls it. */
export const HostName = Name.meta({ title: 'Host of the database' });

export const hostNamed = async (name: string, context: Context): Promise<Outcome<NamedHost>> => {
  const found = await hostsNamed([name], context);
  if (!found.ok) return found;
  const [host] = found.value;
  if (!host) throw new Error('a host that was found is missing');
  return done(host);
};

/** What works on one database exclude one another by. */
export const databaseOn = (host: string): string => `database on ${host}`;
