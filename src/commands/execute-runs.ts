import { setTimeout as pause } from 'node:timers/promises';
import { isConnectionLost } from '../database/fault.ts';
import { executeRun } from '../kit/execute-run.ts';
import type { Runs } from '../kit/runs.ts';
import { connect, type CredentialsFor } from '../remote/connection.ts';

/** Runs that one console executes at once. */
const mostAtOnce = 4;
/** Between two looks for a run, in milliseconds. */
const lookEvery = 1_000;

export type ExecutingOptions = { readonly signal: AbortSignal; readonly onError: (error: unknown) => void };

/**
 * Executes what waits, and goes on with what other consoles left, until the signal; what was begun then goes on on its hosts, and the next console takes it
 * up. A database that is away is waited for.
 */
export const keepExecuting = async (
  runsNow: () => Runs | undefined,
  credentialsFor: CredentialsFor,
  { signal, onError }: ExecutingOptions,
): Promise<void> => {
  const under = new Set<Promise<void>>();
  while (!signal.aborted) {
    try {
      const runs = runsNow();
      const run = under.size < mostAtOnce ? await runs?.claim() : undefined;
      if (runs && run) {
        const work: Promise<void> = executeRun(runs, run, {
          connectTo: host => connect({ ...host, credentials: credentialsFor(host) }),
          signal,
        })
          .then(() => undefined)
          .catch(onError)
          .finally(() => under.delete(work));
        under.add(work);
        continue;
      }
    } catch (error) {
      if (!isConnectionLost(error)) onError(error);
    }
    await pause(lookEvery, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(under);
};
