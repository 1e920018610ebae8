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

/** Hears of the same trouble once: whoever waits may wait for days. */
const once = (tell: (error: unknown) => void): ((error: unknown) => void) => {
  let told: string | undefined;
  return error => {
    const words = String(error);
    if (words !== told) tell(error);
    told = words;
  };
};

/** Waits while the key of this home is one that people have yet to approve, told once for each key. Gives whether it waited. Throws SignInRefused where they did not approve it. */
export const untilApproved = async ({ database, config }: Entrance, { signal, say, onError }: Patience): Promise<boolean> => {
  const address = addressOf(config);
  const troubled = once(onError);
  let told: string | undefined;
  while (!signal.aborted) {
    const keys = await readMachineKeys(config.home, address);
    if (!keys) return told !== undefined;
    const fingerprints = keys.keys.map(fingerprintOfKey);
    const prospect = await prospectOf(database.reads, keys.name, fingerprints).catch((error: unknown) => {
      troubled(error); // a database that is away is waited for too
      return undefined;
    });
    if (prospect?.is === 'shown') return told !== undefined;
    if (prospect?.is === 'refused') throw new SignInRefused(prospect.refusal);
    const newest = fingerprints.at(-1) ?? '';
    if (prospect && told !== newest)
      say(
        `the machine ${keys.name} waits until its key ${newest} is approved: ask for it with "bursar ${prospect.ask}", or look into the inbox; nothing is done meanwhile`,
      );
    if (prospect) told = newest;
    await delay(lookEvery, undefined, { signal }).catch(() => undefined); // asked to end
  }
  return told !== undefined;
};

/** Whether its own key is over while people have yet to approve the one that comes after it. */
export const isAwaited = async ({ database, config }: Entrance): Promise<boolean> => {
  const keys = await readMachineKeys(config.home, addressOf(config));
  return keys !== undefined && (await prospectOf(database.reads, keys.name, keys.keys.map(fingerprintOfKey))).is === 'waiting';
};
