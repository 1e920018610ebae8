import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Direct } from '../../database/direct.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import { megabytes } from '../room.ts';
import { freeSpace, rootOf } from '../vault.ts';
import { databaseOf, sizeOf, withConnection } from './databases.ts';

/** One more copy of the database, and room to work. */
export const copyFactor = 1.2;

/** So many octets are written below a folder. */
export type Demand = { readonly folder: string; readonly octets: number };

const isHere = (folder: string): Promise<boolean> =>
  stat(folder).then(
    () => true,
    () => false,
  );

/** Whether the server whose files lie in that folder is the one that runs on this host: another machine may have a folder of that name. */
const isItsFolder = async (folder: string): Promise<boolean> =>
  (await isHere(folder)) &&
  access(path.join(folder, 'postmaster.pid')).then(
    () => true,
    // the folder of another account is not looked into
    (error: NodeJS.ErrnoException) => error.code === 'EACCES',
  );

type Server = { readonly folder: string | null; readonly local: boolean };

/** Where a server keeps its files; words where nobody on this host can tell. */
export const dataFolder = async (server: Direct): Promise<{ readonly folder: string } | { readonly why: string }> => {
  const { rows } = await server.query<Server>(
    `SELECT (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory') AS folder,
            inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1' OR inet_server_addr() = inet_client_addr() AS local`,
  );
  const [{ folder, local } = { folder: null, local: false }] = rows;
  if (!local) return { why: 'its server is on another machine' };
  if (folder === null) return { why: 'its login may not ask where they lie (pg_read_all_settings)' };
  return (await isItsFolder(folder)) ? { folder } : { why: `${folder} is not on this host` };
};

/** What lies elsewhere than where a new database is made: tables and indexes go to the same tablespace again. */
export const tablespaces = (url: string): Promise<readonly Demand[]> =>
  withConnection(url, async connection => {
    const { rows } = await connection.query<{ folder: string; octets: string }>(
      `SELECT pg_tablespace_location(t.oid) AS folder, sum(pg_relation_size(c.oid))::text AS octets FROM pg_catalog.pg_class c JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
        WHERE t.spcname <> 'pg_global' AND c.relkind IN ('r', 'i', 't', 'm') GROUP BY 1`,
    );
    return rows.map(({ folder, octets }) => ({ folder, octets: Number(octets) }));
  });

export type DiskWishes = {
  readonly server: Direct;
  readonly url: string;
  readonly context: Pick<WorkContext, 'home' | 'backup' | 'progress'>;
};
export type DiskRoom = { readonly needed: number; readonly free: number };

/** What one more copy of a database takes where its server keeps it. */
const copyDemands = async ({ server, url, context }: DiskWishes, size: number): Promise<readonly Demand[]> => {
  const found = await dataFolder(server);
  if ('why' in found) {
    context.progress(
      0.01,
      `whether the disk of the database has room nobody here can tell, since ${found.why}: one more copy of it takes ${megabytes(copyFactor * size)} there`,
    );
    // it may be the disk of the backups
    return [{ folder: rootOf(context), octets: copyFactor * size }];
  }
  const apart = await tablespaces(url);
  const rest = size - apart.reduce((sum, { octets }) => sum + octets, 0);
  return [{ folder: found.folder, octets: rest }, ...apart].map(({ folder, octets }) => ({ folder, octets: copyFactor * octets }));
};

/** Demands on one disk are one demand. */
const byDisk = async (demands: readonly Demand[]): Promise<ReadonlyMap<number, Demand>> => {
  const disks = new Map<number, Demand>();
  for (const { folder, octets } of demands) {
    const { place } = await freeSpace(folder);
    const { dev } = await stat(place);
    const before = disks.get(dev);
    disks.set(dev, { folder: before?.folder ?? folder, octets: Math.ceil((before?.octets ?? 0) + octets) });
  }
  return disks;
};

/** Refuses what any of the disks has no room for. Gives what is needed where it is scarcest. */
export const demandOn = async (what: string, demands: readonly Demand[], advice: string): Promise<DiskRoom> => {
  const rooms: DiskRoom[] = [];
  for (const { folder, octets: needed } of (await byDisk(demands.filter(({ octets }) => octets > 0))).values()) {
    const { octets: free } = await freeSpace(folder);
    if (free < needed)
      throw new WorkRefused(
        `${what} needs ${megabytes(needed)} of the disk of ${folder} and ${megabytes(Math.max(0, free - 999_999))} are free: nothing was begun; ${advice}`,
      );
    rooms.push({ needed, free });
  }
  return rooms.toSorted((a, b) => a.free - a.needed - (b.free - b.needed))[0] ?? { needed: 0, free: 0 };
};

/**
 * Refuses what would fill a disk half-way: the disk on which the server makes one more copy of the database, and that of the backups, which takes `backups`
 * times the database. Where the first cannot be seen from here it says so. Gives what is needed where it is scarcest.
 */
export const demandDisks = async (what: string, backups: number, wishes: DiskWishes): Promise<DiskRoom> => {
  const { server, url, context } = wishes;
  const size = await sizeOf(server, databaseOf(url));
  const demands = [{ folder: rootOf(context), octets: backups * size }, ...(await copyDemands(wishes, size))];
  return demandOn(what, demands, 'bursar runs cleanup makes room');
};
