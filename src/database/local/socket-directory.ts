import { chmod, chown, lstat, mkdir, mkdtemp, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Site } from './site.ts';

/** The kernel takes 107 bytes on Linux, 103 on macOS. */
const longestSocketPath = 100;
/** The port only numbers the socket file: nothing listens on the network. */
export const socketPort = 5432;

const fits = (directory: string): boolean => Buffer.byteLength(path.join(directory, `.s.PGSQL.${socketPort}`)) < longestSocketPath;

const makePrivate = async (directory: string, { account }: Site): Promise<void> => {
  await chmod(directory, 0o700);
  if (account) await chown(directory, account.uid, account.gid);
};

/** What stands under a shared folder like /tmp is ours only if nobody else could have made it or can open it. */
const isOurs = async (directory: string, { account }: Site): Promise<boolean> => {
  const found = await lstat(directory).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === (account?.uid ?? process.geteuid?.()) && (found.mode & 0o077) === 0;
};

const shortDirectory = async (): Promise<string> => {
  for (const parent of [tmpdir(), '/tmp', '/run']) {
    if (!fits(path.join(parent, 'bursar-XXXXXX'))) continue;
    const made = await mkdtemp(path.join(parent, 'bursar-')).catch(() => undefined);
    if (made !== undefined) return made;
  }
  throw new Error('No folder is short enough for the database socket. Set BURSAR_HOME to a path below 80 characters');
};

const linkOf = (directory: string): Promise<string | undefined> => readlink(directory).catch(() => undefined);

/** The private folder of the server's socket: `run` in the home, or where that is too deep, a short one that `run` points to. */
export const openSocketDirectory = async (site: Site): Promise<string> => {
  const run = path.join(site.home, 'run');
  if (fits(run)) {
    await mkdir(run, { recursive: true, mode: 0o700 });
    await makePrivate(run, site);
    return run;
  }
  const earlier = await linkOf(run);
  if (earlier !== undefined && fits(earlier) && (await isOurs(earlier, site))) return earlier;
  const made = await shortDirectory();
  await makePrivate(made, site);
  await rm(run, { force: true });
  await symlink(made, run);
  return made;
};

/** Takes away what lies outside the home, once the server has stopped. */
export const closeSocketDirectory = async (site: Site): Promise<void> => {
  const run = path.join(site.home, 'run');
  const elsewhere = await linkOf(run);
  if (elsewhere === undefined) return;
  if (await isOurs(elsewhere, site)) await rm(elsewhere, { recursive: true, force: true });
  await rm(run, { force: true });
};
