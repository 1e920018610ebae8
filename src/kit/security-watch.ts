import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../database/client.ts';

/** How many events are new, and how many that were known went on. */
type Gathered = { readonly raised: number; readonly grown: number };

/** The database counts what asks for attention; a console only asks it to. */
export type SecurityWatch = { readonly gather: () => Promise<Gathered> };

/** Security events of a database, for the console of whoever has this token. */
export const securityWatchOf = ({ writes }: Database, token: string): SecurityWatch => ({
  gather: async () => {
    const [gathered] = await writes.$queryRaw<Gathered[]>`SELECT raised, grown FROM ops.gather_security_events(${token})`;
    if (!gathered) throw new Error('the database did not say what it gathered');
    return gathered;
  },
});

export type KeepGatheringOptions = {
  readonly signal: AbortSignal;
  /** Before the first time, in milliseconds: a console that starts has other things to do. */
  readonly firstAfterMs: number;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
};

/** Gathers in the background of a console until the signal, for whoever is signed in at the time. Never rejects: `onError` hears what went wrong, and it is tried again. */
export const keepGathering = async (
  watchNow: () => SecurityWatch | undefined,
  { signal, firstAfterMs, everyMs, onError }: KeepGatheringOptions,
): Promise<void> => {
  const wait = (milliseconds: number): Promise<boolean> => delay(milliseconds, true, { signal, ref: false }).catch(() => false);
  let pause = firstAfterMs;
  while (await wait(pause)) {
    pause = everyMs;
    try {
      await watchNow()?.gather();
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }
};
