import { keepLooking, type KeepLookingOptions } from '../kit/keep-looking.ts';
import type { Watch } from '../kit/watch.ts';
import type { AnyRule } from './define-rule.ts';
import { detect, type Detected } from './run.ts';

export type KeepDetectingOptions = KeepLookingOptions & { readonly onRun: (detected: Detected) => void };

/**
 * Runs the rules in the background of a console until the signal, for whoever is signed in at the time; skips a turn while nobody is who may, or while another
 * console does it.
 */
export const keepDetecting = (
  watchNow: () => Watch | undefined,
  rules: readonly AnyRule[],
  { onRun, ...options }: KeepDetectingOptions,
): Promise<void> =>
  keepLooking(async () => {
    const watch = watchNow();
    const detected = watch && (await detect(watch, rules, { signal: options.signal }));
    if (detected) onRun(detected);
  }, options);
