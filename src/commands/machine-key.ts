import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fingerprintOfKey } from '../domain/machine.ts';
import { conflict, done, type Outcome } from '../domain/outcome.ts';

const MachineKeys = z.object({ name: z.string(), keys: z.array(z.string().min(43)).min(1).max(2) });

/** What a machine signs in with: its name, the key that it works with, and the one that was made to take its place. */
type MachineKeys = z.output<typeof MachineKeys>;

/** A key that must not be used: somebody else can read its file. */
class MachineKeyError extends Error {
  override name = 'MachineKeyError';
}

/** One file for each database, as with logins: a machine of one bank is none of another. */
const fileOf = (home: string, address: string): string =>
  path.join(home, 'machine', `${createHash('sha256').update(address).digest('hex').slice(0, 16)}.json`);

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The keys for a database; undefined where this home has none. Throws MachineKeyError where others can read them. */
export const readMachineKeys = async (home: string, address: string): Promise<MachineKeys | undefined> => {
  const file = fileOf(home, address);
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0)
      throw new MachineKeyError(
        `${file} can be read by others: chmod 600 it, make another key with "bursar machines enrol", and rotate it`,
      );
    return MachineKeys.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** A reader never sees half of it. */
const write = async (home: string, address: string, keys: MachineKeys): Promise<void> => {
  const file = fileOf(home, address);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(keys)}\n`, { mode: 0o600, flag: 'w' });
  await rename(draft, file);
};

type Enrolled = { readonly file: string; readonly fingerprint: string; readonly waits: boolean };

/** Makes a key of 256 random bits. Where there is one already, it stays in use until the new one is approved; one of another machine is not thrown away. */
export const enrolMachine = async (home: string, address: string, name: string): Promise<Outcome<Enrolled>> => {
  const earlier = await readMachineKeys(home, address);
  const file = fileOf(home, address);
  if (earlier && earlier.name !== name)
    return conflict(
      `this home has the key of the machine ${earlier.name}`,
      `take another BURSAR_HOME; or remove ${file} once that one is revoked`,
    );
  const key = randomBytes(32).toString('base64url');
  await write(home, address, { name, keys: earlier?.keys[0] === undefined ? [key] : [earlier.keys[0], key] });
  return done({ file, fingerprint: fingerprintOfKey(key), waits: earlier !== undefined });
};

/** Forgets the key before the one that was taken. What somebody wrote meanwhile stays. */
export const keepTaken = async (home: string, address: string, used: MachineKeys, fingerprint: string): Promise<void> => {
  const taken = used.keys[1];
  if (taken === undefined || fingerprintOfKey(taken) !== fingerprint) return;
  const now = await readMachineKeys(home, address);
  if (now?.name === used.name && now.keys[1] === taken) await write(home, address, { name: used.name, keys: [taken] });
};
