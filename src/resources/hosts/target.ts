import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findHost, type HostRow } from './queries.ts';

export const HostId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Host' });

/** Why a host that was retired is changed no more. */
export const whyNotInUse = (host: HostRow): string | undefined =>
  host.retiredAt === null ? undefined : `host ${host.name} is retired: restore it first`;
export const whyNotRestore = (host: HostRow): string | undefined => (host.retiredAt === null ? `host ${host.name} is in use` : undefined);

/** The host if it exists and the rule has nothing against it. */
export const hostFor = async (id: bigint, { db }: Context, whyNot: (host: HostRow) => string | undefined): Promise<Outcome<HostRow>> => {
  const host = await findHost(db, id);
  if (!host) return notFound(`there is no host ${id}`);
  const objection = whyNot(host);
  return objection === undefined ? done(host) : conflict(objection);
};

export const hostTarget = (host: HostRow): Target => ({ id: String(host.id), label: host.name, version: host.version });

/** `deploy@db1.example:22` */
export const placeOf = ({ username, address, port }: Pick<HostRow, 'username' | 'address' | 'port'>): string =>
  `${username}@${address.includes(':') ? `[${address}]` : address}:${port}`;
