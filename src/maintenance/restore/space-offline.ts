import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { openSite } from '../../database/local/site.ts';
import { safe } from '../../domain/safe-text.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import type { Manifest } from '../manifest.ts';
import { megabytes } from '../room.ts';
import { rootOf } from '../vault.ts';
import { adminUrlOf, isThere, sizeOf, withConnection } from './databases.ts';
import { copyFactor, dataFolder, demandOn, tablespaces, type Demand } from './space.ts';

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Octets of the files below a folder; undefined where it is gone. */
const octetsBelow = async (folder: string): Promise<number | undefined> => {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  let octets = 0;
  for (const entry of entries)
    if (entry.isFile())
      octets += await lstat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        (error: unknown) => {
          if (!isGone(error)) throw error;
          return 0;
        },
      );
  return octets;
};

/** Where one more copy of the dead database would lie; or why nobody can tell. */
type Wanted = readonly Demand[] | { readonly why: string };

/** The new files come beside the dead ones, which stay. */
const embeddedDemands = async ({ home }: WorkContext): Promise<Wanted> => {
  const { dataDirectory, home: folder } = await openSite(home);
  const size = await octetsBelow(path.join(dataDirectory, 'base'));
  return size === undefined ? { why: 'its files are gone' } : [{ folder, octets: copyFactor * size }];
};

const serverDemands = (url: string, database: string): Promise<Wanted> =>
  withConnection(adminUrlOf(url), async server => {
    if (!(await isThere(server, database))) return { why: 'it is gone' };
    const found = await dataFolder(server);
    if ('why' in found) return found;
    const size = await sizeOf(server, database);
    const { rowCount } = await server.query(`SELECT FROM pg_catalog.pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')`);
    if (rowCount === 0) return [{ folder: found.folder, octets: copyFactor * size }];
    // Only the dead database itself could say what of it lies where
    const apart = await tablespaces(url).catch(() => undefined);
    if (!apart) return { why: 'the server keeps tables in several places and nobody can ask the dead database in which' };
    const rest = size - apart.reduce((sum, { octets }) => sum + octets, 0);
    return [{ folder: found.folder, octets: rest }, ...apart].map(({ folder, octets }) => ({ folder, octets: copyFactor * octets }));
  });

export type OfflineRoom = {
  readonly embedded: boolean;
  readonly database: string;
  readonly manifest: Manifest;
  /** It is begun although a disk seems to have too little room. */
  readonly insists: boolean;
};

/** As `demandDisks`, for a database that cannot be asked: refuses what would fill a disk half-way, before anything of the dead one is touched. Where nobody can tell it says so. */
export const demandOffline = async ({ embedded, database, manifest, insists }: OfflineRoom, context: WorkContext): Promise<void> => {
  const { progress } = context;
  const asked = embedded ? embeddedDemands(context) : context.databaseUrl().then(url => serverDemands(url, database));
  // A disk that is dying may not even tell sizes: that keeps nobody from restoring
  const wanted = await asked.catch((error: unknown): Wanted => ({ why: `it cannot be measured (${safe(String(error), { max: 200 })})` }));
  const known = 'why' in wanted ? [] : wanted;
  if ('why' in wanted)
    progress(
      0.1,
      `whether the disk of the database has room nobody here can tell, since ${wanted.why}: the backup has ${megabytes(manifest.octets)}, and what comes of it is larger`,
    );
  // What is sealed is opened beside the backups
  const opened = manifest.encrypted ? [{ folder: rootOf(context), octets: manifest.octets }] : [];
  try {
    await demandOn('the restore', [...known, ...opened], 'make room there, or say --although-too-full');
  } catch (error) {
    if (!insists || !(error instanceof WorkRefused)) throw error;
    progress(0.1, `${error.message.replace(/: nothing was begun;.*$/, '')}: it is begun all the same`);
  }
};
