import { setTimeout as delay } from 'node:timers/promises';
import { prospectOf } from '../database/machine-sign-in.ts';
import { fingerprintOfKey } from '../domain/machine.ts';
import { addressOf } from './anchors.ts';
import type { Entrance } from './entry.ts';
import { readMachineKeys } from './machine-key.ts';
import { SignInRefused } from './sign-in-refused.ts';

/** Between two looks whether the key was approved, in milliseconds. */
const lookEvery = 2_000;

/** Whoever has time: until when, and whom it tells what it waits for. */
export type Patience = { readonly signal: AbortSignal; readonly say: (line: string) => void; readonly onError: (error: unknown) => void };

/** Waits while the key of this home is one that people have yet to approve, told once for each key. Throws SignInRefused where they did not approve it. */
export const untilApproved = async ({ database, config }: Entrance, { signal, say, onError }: Patience): Promise<void> => {
  const address = addressOf(config);
  let told: string | undefined;
  while (!signal.aborted) {
    const keys = await readMachineKeys(config.home, address);
    if (!keys) return;
    const fingerprints = keys.keys.map(fingerprintOfKey);
    const prospect = await prospectOf(database.reads, keys.name, fingerprints).catch((error: unknown) => {
      onError(error); // a database that is away is waited for too
      return undefined;
    });
    if (prospect?.is === 'shown') return;
    if (prospect?.is === 'refused') throw new SignInRefused(prospect.refusal);
    const newest = fingerprints.at(-1) ?? '';
    if (prospect && told !== newest)
      say(
        `the machine ${keys.name} waits until its key ${newest} is approved: ask for it with "bursar machines add", or look into the inbox`,
      );
    if (prospect) told = newest;
    await delay(lookEvery, undefined, { signal }).catch(() => undefined); // asked to end
  }
};
