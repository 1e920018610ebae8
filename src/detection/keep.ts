import { setTimeout as delay } from 'node:timers/promises';
import type { Watch } from '../kit/watch.ts';
import type { AnyRule } from './define-rule.ts';
import { detect, type Detected } from './run.ts';

export type KeepDetectingOptions = {
  readonly signal: AbortSignal;
  /** Before the first run, in milliseconds: a console that starts has other things to do. */
  readonly firstAfterMs: number;
  readonly everyMs: number;
  readonly onRun: (detected: Detected) => void;
  readonly onError: (error: unknown) => void;
};

/**
 * Runs the rules in the background of a console until the signal, for whoever is signed in at the time; skips a turn while nobody is who may, or while another
 * console does it. Never rejects: `onError` hears what went wrong, and it is tried again.
 */
export const keepDetecting = async (
  watchNow: () => Watch | undefined,
  rules: readonly AnyRule[],
  { signal, firstAfterMs, everyMs, onRun, onError }: KeepDetectingOptions,
): Promise<void> => {
  const wait = (milliseconds: number): Promise<boolean> => delay(milliseconds, true, { signal, ref: false }).catch(() => false);
  let pause = firstAfterMs;
  while (await wait(pause)) {
    pause = everyMs;
    try {
      const watch = watchNow();
      const detected = watch && (await detect(watch, rules, { signal }));
      if (detected) onRun(detected);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }
};
