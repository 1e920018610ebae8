import { chmod, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** The account the server runs under when the console is root: Postgres refuses to run as root. */
export type ServerAccount = { uid: number; gid: number };

/** Where one home keeps its server, and who runs it; no account means "whoever runs the console". */
export type Site = {
  home: string;
  dataDirectory: string;
  cacheDirectory: string;
  turnsDirectory: string;
  logFile: string;
  account: ServerAccount | undefined;
};

/** Where Bursar keeps its things unless `BURSAR_HOME` says otherwise; root's own home is closed to the server's account. */
export const defaultHome = (environment: NodeJS.ProcessEnv): string => {
  if (process.geteuid?.() === 0) return '/var/lib/bursar';
  const data = environment['XDG_DATA_HOME'];
  return path.join(data && path.isAbsolute(data) ? data : path.join(homedir(), '.local', 'share'), 'bursar');
};

const ownerOf = async (file: string): Promise<ServerAccount | undefined> => {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found && { uid: found.uid, gid: found.gid };
};

/** `initdb` looks its own account up by number, so it must be one that the machine knows. */
const nobody = async (): Promise<ServerAccount> => {
  const accounts = await readFile('/etc/passwd', 'utf8');
  const fields = /^nobody:[^:]*:(\d+):(\d+):/m.exec(accounts);
  if (!fields) {
    throw new Error(
      'Postgres refuses to run as root and there is no account "nobody". Start Bursar as an ordinary user or set DATABASE_URL',
    );
  }
  return { uid: Number(fields[1]), gid: Number(fields[2]) };
};

const accountFor = async (dataDirectory: string): Promise<ServerAccount | undefined> => {
  if (process.geteuid?.() !== 0) return undefined;
  const owner = await ownerOf(dataDirectory);
  return owner && owner.uid !== 0 ? owner : nobody();
};

const openUp = async (folder: string, top: string): Promise<void> => {
  if (!folder.startsWith(top)) return;
  await chmod(folder, 0o755);
  await openUp(path.dirname(folder), top);
};

const makeHome = async (home: string): Promise<void> => {
  const parent = path.dirname(path.resolve(home));
  const top = await mkdir(parent, { recursive: true });
  // folders above the home that had to be made as well are no secret, and the server's account must get through them
  if (top !== undefined) await openUp(parent, top);
  await mkdir(home, { recursive: true, mode: 0o700 });
};

/** Makes the folders of a home; all that is private stays so, but the server's account may pass through. */
export const openSite = async (home: string): Promise<Site> => {
  await makeHome(home);
  const real = await realpath(home);
  const dataDirectory = path.join(real, 'data');
  const account = await accountFor(dataDirectory);
  if (account) await chmod(real, (await stat(real)).mode | 0o011);
  const site = {
    home: real,
    dataDirectory,
    cacheDirectory: path.join(real, 'cache'),
    turnsDirectory: path.join(real, 'turns'),
    logFile: path.join(real, 'logs', 'postgres.log'),
    account,
  };
  await mkdir(path.dirname(site.logFile), { recursive: true, mode: 0o700 });
  await mkdir(site.turnsDirectory, { recursive: true, mode: 0o700 });
  await mkdir(site.cacheDirectory, { recursive: true });
  if (account) await chmod(site.cacheDirectory, 0o755);
  return site;
};
