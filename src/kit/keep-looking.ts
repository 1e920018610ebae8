import { setTimeout as delay } from 'node:timers/promises';

export type KeepLookingOptions = {
  readonly signal: AbortSignal;
  /** Before the first look, in milliseconds: a console that starts has other things to do. Without it the first look is at once. */
  readonly firstAfterMs?: number;
  /** Between the end of one look and the next, in milliseconds. */
  readonly everyMs: number;
  /** Hears what went wrong; the same trouble is told once, and again only after a look that went well. */
  readonly onError: (error: unknown) => void;
};

const wordsOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/**
 * Looks again and again in the background of a console until the signal; whoever is signed in at the time is for `look` to ask. Never rejects: what went
 * wrong is told, and it is tried again.
 */
export const keepLooking = async (
  look: () => Promise<unknown>,
  { signal, firstAfterMs = 0, everyMs, onError }: KeepLookingOptions,
): Promise<void> => {
  const wait = (milliseconds: number): Promise<boolean> => delay(milliseconds, true, { signal, ref: false }).catch(() => false);
  let told: string | undefined;
  let pause = firstAfterMs;
  while (pause === 0 ? !signal.aborted : await wait(pause)) {
    pause = everyMs;
    try {
      await look();
      told = undefined;
    } catch (error) {
      const words = wordsOf(error);
      if (!signal.aborted && words !== told) onError(error);
      told = words;
    }
  }
};
