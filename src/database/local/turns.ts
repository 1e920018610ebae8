import { randomUUID } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { birthOf, isAlive } from './processes.ts';

const retryMs = 20;
/** Creating a database takes seconds; recovery after a crash may take a minute. */
const patienceMs = 180_000;

/** An entry is named `<pid>-<birth>-<uuid>`, so that one left behind by a killed console counts for nothing. */
const isHeld = async (entry: string): Promise<boolean> => {
  const [pid = '', birth] = entry.split('-');
  return isAlive(Number(pid)) && (await birthOf(Number(pid))) === birth;
};

const announce = async (directory: string): Promise<string> => {
  const entry = `${process.pid}-${await birthOf(process.pid)}-${randomUUID()}`;
  await writeFile(path.join(directory, entry), '', { flag: 'wx', mode: 0o600 });
  return entry;
};

const someoneElse = async (directory: string, own: string): Promise<boolean> => {
  for (const entry of await readdir(directory)) {
    if (entry === own) continue;
    if (await isHeld(entry)) return true;
    // a name is never used twice, so removing a dead one can hit nobody else's
    await rm(path.join(directory, entry), { force: true });
  }
  return false;
};

/** Somebody else did not end in time. */
export class TurnError extends Error {
  override name = 'TurnError';
}

/**
 * Lets one process at a time do the work. Node has no flock, and a single lock file cannot be taken over from a killed
 * holder without a race; so everybody announces itself first and looks second: of two, at least one sees the other and steps back.
 */
export const inTurn = async <T>(directory: string, work: () => Promise<T>, waitMs = patienceMs): Promise<T> => {
  const deadline = Date.now() + waitMs;
  while (Date.now() < deadline) {
    const own = await announce(directory);
    try {
      if (!(await someoneElse(directory, own))) return await work();
    } finally {
      await rm(path.join(directory, own), { force: true });
    }
    // unequal pauses, so that two who stepped back together do not meet again
    await delay(retryMs * (0.5 + Math.random()));
  }
  throw new TurnError(
    `Another Bursar has been starting the database for ${patienceMs / 60_000} minutes. End it (its process number begins the names in ${directory}) and try again`,
  );
};
