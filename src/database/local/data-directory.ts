import { randomUUID } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { safe } from '../../domain/safe-text.ts';
import { runTool } from './processes.ts';
import type { Site } from './site.ts';

/** The role and database that the embedded server is made with. */
export const ownerRole = 'bursar';

/**
 * Sorting by bytes gives the same order, and so the same index, on every machine; upper and lower case of letters beyond ASCII
 * (and pg_trgm, which asks what a letter is) need a UTF-8 locale, and systems name theirs differently.
 */
const locales = process.platform === 'darwin' ? ['UTF-8', 'en_US.UTF-8', 'C'] : ['C.UTF-8', 'C.utf8', 'en_US.UTF-8', 'C'];

const initdbArguments = (directory: string, locale: string): string[] => [
  `--pgdata=${directory}`,
  `--username=${ownerRole}`,
  '--encoding=UTF8',
  '--locale=C',
  `--lc-ctype=${locale}`,
  // whoever gets into the private socket directory is this account or root, and both can read the files themselves:
  // a password would protect nothing and be one more secret in addresses
  '--auth=trust',
  '--no-instructions',
  '--no-sync',
];

/** One syncfs instead of a thousand fsyncs (0.1 s for 2 s on a busy disk), where the system offers it. */
const syncToDisk = async (directory: string, binDirectory: string, site: Site): Promise<void> => {
  const synced = await runTool('sync', ['-f', directory], { account: undefined, home: site.home }).catch(() => ({ code: null }));
  if (synced.code === 0) return;
  await runTool(path.join(binDirectory, 'initdb'), ['--sync-only', `--pgdata=${directory}`], site);
};

const unfinishedMark = '.unfinished-';

/** An initdb whose console was killed may still be writing for a moment: it gets in nobody's way, and what it leaves goes next time. */
const removeUnfinished = async ({ home, dataDirectory }: Site): Promise<void> => {
  const prefix = path.basename(dataDirectory) + unfinishedMark;
  for (const entry of await readdir(home)) {
    if (entry.startsWith(prefix)) await rm(path.join(home, entry), { recursive: true, force: true }).catch(() => undefined);
  }
};

type CreateOptions = { durable: boolean; report: (step: string) => void };

const create = async (binDirectory: string, site: Site, { durable }: CreateOptions): Promise<void> => {
  const unfinished = `${site.dataDirectory}${unfinishedMark}${randomUUID()}`;
  let output = '';
  for (const locale of locales) {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    if (site.account) await chown(unfinished, site.account.uid, site.account.gid);
    const made = await runTool(path.join(binDirectory, 'initdb'), initdbArguments(unfinished, locale), site);
    if (made.code === 0) {
      if (durable) await syncToDisk(unfinished, binDirectory, site);
      // only a whole data directory ever gets the name: a kill in between leaves nothing that looks finished
      await rename(unfinished, site.dataDirectory);
      return;
    }
    output = made.output;
    if (!output.includes('invalid locale')) break;
  }
  await rm(unfinished, { recursive: true, force: true });
  throw new Error(`The database could not be created in ${site.dataDirectory}: ${safe(output.trim().split('\n').at(-1))}`);
};

const majorOf = (version: string): number => Number.parseInt(version, 10);

/** Makes the data directory unless there is one of this version already. Only in turn: see turns.ts. */
export const ensureDataDirectory = async (binDirectory: string, version: string, site: Site, options: CreateOptions): Promise<void> => {
  const entries = await readdir(site.dataDirectory).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  await removeUnfinished(site);
  if (entries.length === 0) {
    options.report('Creating the database');
    return create(binDirectory, site, options);
  }
  if (!entries.includes('PG_VERSION'))
    throw new Error(`${site.dataDirectory} holds files but no database. Move them away or set BURSAR_HOME`);
  const found = await readFile(path.join(site.dataDirectory, 'PG_VERSION'), 'utf8');
  if (majorOf(found) !== majorOf(version)) {
    throw new Error(
      `The database in ${site.dataDirectory} is of Postgres ${majorOf(found)}, this Bursar brings ${majorOf(version)}. Dump and restore it`,
    );
  }
};
