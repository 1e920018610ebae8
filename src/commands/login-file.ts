import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const Login = z.object({ name: z.string(), token: z.string().min(32), expiresAt: z.string() });

/** What `bursar login` leaves for the commands after it: who, the key to the session, and its end (ISO 8601). */
export type Login = z.output<typeof Login>;

/** A login that must not be used: somebody else can read its file. */
export class LoginFileError extends Error {
  override name = 'LoginFileError';
}

/** One file for each database, so that being signed in to one bank says nothing to another. */
const fileOf = (home: string, address: string): string =>
  path.join(home, 'login', `${createHash('sha256').update(address).digest('hex').slice(0, 16)}.json`);

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The login for a database; undefined where there is none. Throws LoginFileError where others can read it. */
export const readLogin = async (home: string, address: string): Promise<Login | undefined> => {
  const file = fileOf(home, address);
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) throw new LoginFileError(`${file} can be read by others: run "bursar logout", and "bursar login" again`);
    return Login.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** Keeps a login, readable by its owner alone; a reader never sees half of it. */
export const writeLogin = async (home: string, address: string, login: Login): Promise<string> => {
  const file = fileOf(home, address);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(login)}\n`, { mode: 0o600, flag: 'w' });
  await rename(draft, file);
  return file;
};

export const forgetLogin = (home: string, address: string): Promise<void> => rm(fileOf(home, address), { force: true });
