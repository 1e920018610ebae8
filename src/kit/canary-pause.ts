import { setTimeout as pause } from 'node:timers/promises';
import type { ClaimedRun, Runs } from './runs.ts';

/** How long a run pauses by itself after the first of several hosts, in milliseconds, unless somebody lets it go on before. */
const usualPause = 10_000;
const lookEvery = 250;

export type PauseOptions = { readonly signal: AbortSignal; readonly canaryPauseMs?: number };

/**
 * After the canary: resolves with true when its time has passed, by the database's clock, when somebody lets the run go on, or asks for its end; with false where
 * another console has taken it over.
 */
export const pauseAfterCanary = async (
  runs: Runs,
  run: ClaimedRun,
  { signal, canaryPauseMs = usualPause }: PauseOptions,
): Promise<boolean> => {
  for (;;) {
    const paused = await runs.pausedFor(run);
    if (paused === undefined || paused >= canaryPauseMs || (await runs.isAborted(run))) return true;
    if (!(await runs.keep(run))) return false;
    await pause(Math.min(lookEvery, canaryPauseMs - paused), undefined, { signal });
  }
};
