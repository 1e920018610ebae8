import { conflict, done, notFound, type Outcome } from '../domain/outcome.ts';
import { HostNames as NamesOfHosts } from '../domain/remote-host.ts';
import type { Context } from '../kit/define-action.ts';
import { findHostsByName, type NamedHost } from '../resources/hosts/queries.ts';

/** The hosts of a run. */
export const HostNames = NamesOfHosts.meta({ title: 'Hosts, the canary first' });

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
