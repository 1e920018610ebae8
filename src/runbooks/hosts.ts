import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../domain/outcome.ts';
import type { Context } from '../kit/define-action.ts';
import { findHostsByName, type NamedHost } from '../resources/hosts/queries.ts';

/** `web1, web2`: hosts of the inventory, the first of which is the canary. */
export const HostNames = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9-]{0,62}([\s,]+[a-z][a-z0-9-]{0,62}){0,49}$/, 'are names of hosts, at most fifty')
  .transform(typed => [...new Set(typed.split(/[\s,]+/))])
  .meta({ title: 'Hosts, the canary first' });

/** Those hosts, in the order in which they were named. */
export const hostsNamed = async (names: readonly string[], { db }: Context): Promise<Outcome<readonly NamedHost[]>> => {
  const found = await findHostsByName(db, names);
  const hosts: NamedHost[] = [];
  for (const name of names) {
    const host = found.find(candidate => candidate.name === name);
    if (!host) return notFound(`there is no host ${name}`, 'look hosts up with: bursar hosts list');
    if (host.retiredAt !== null) return conflict(`host ${name} is retired`);
    hosts.push(host);
  }
  return done(hosts);
};
