import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { WorkContext } from '../define-work.ts';
import { closeForMaintenance, openAgain } from '../maintenance-file.ts';
import { runProgram } from '../tools.ts';

/** Maintenance ends by itself after so long, where nobody is left to end it, in milliseconds. */
const longest = 3_600_000;
/** A platform that does not come up within this is swapped back. */
const healthPatienceSeconds = 60;
const healthEvery = 1_000;
/** Looks that the shortest patience has room for. */
const leastLooks = 20;
const timesInARow = 3;

type Platform = Pick<WorkContext, 'platform'>;

/** The signal of an abort is not for these: half a stop or start would be worse than either. */
const systemctl = (verb: 'stop' | 'start', unit: string): Promise<string> =>
  runProgram('systemctl', [verb, '--', unit], { signal: new AbortController().signal });

export const stopService = async ({ platform: { service } }: Platform): Promise<void> => {
  if (service !== undefined) await systemctl('stop', service);
};

/** Turns visitors away and stops the service, where the profile names them. */
export const stopPlatform = async ({ platform }: Platform, by: string): Promise<void> => {
  const { maintenanceFile } = platform;
  if (maintenanceFile !== undefined)
    await closeForMaintenance(maintenanceFile, { message: 'a backup is being restored', until: new Date(Date.now() + longest), by });
  await stopService({ platform });
};

export const startService = async ({ platform: { service } }: Platform): Promise<void> => {
  if (service !== undefined) await systemctl('start', service);
};

/** Lets visitors in again. */
export const openPlatform = async ({ platform: { maintenanceFile } }: Platform): Promise<void> => {
  if (maintenanceFile !== undefined) await openAgain(maintenanceFile);
};

const isMaintained = async ({ platform: { maintenanceFile } }: Platform): Promise<boolean> =>
  maintenanceFile !== undefined &&
  (await stat(maintenanceFile).then(
    () => true,
    () => false,
  ));

/** A platform that is well but for being maintained says so, and whether its database answers. */
const Maintained = z.object({ status: z.literal('maintenance'), database: z.literal('ok') });

const saysMaintained = async (answer: Response): Promise<boolean> =>
  answer.status === 503 && Maintained.safeParse(await answer.json().catch(() => undefined)).success;

/** What one look found: undefined where all is well. */
const lookOnce = async (context: Platform): Promise<string | undefined> => {
  const { health } = context.platform;
  if (health === undefined) return undefined;
  try {
    const answer = await fetch(health, { redirect: 'manual', signal: AbortSignal.timeout(5_000) });
    if (answer.ok || ((await isMaintained(context)) && (await saysMaintained(answer)))) return undefined;
    return `it answers ${answer.status}`;
  } catch {
    return 'it does not answer';
  }
};

/** Looks until the platform was well three times in a row; gives what was wrong where that does not come about in time. */
export const untilHealthy = async (context: Platform): Promise<string | undefined> => {
  const patience = (context.platform.healthPatienceSeconds ?? healthPatienceSeconds) * 1_000;
  const deadline = Date.now() + patience;
  let [well, wrong]: [number, string | undefined] = [0, 'it was not asked'];
  while (Date.now() < deadline) {
    wrong = await lookOnce(context);
    well = wrong === undefined ? well + 1 : 0;
    if (well === timesInARow) return undefined;
    await pause(wrong === undefined && context.platform.health === undefined ? 0 : Math.min(healthEvery, patience / leastLooks));
  }
  return wrong ?? 'it was not well three times in a row';
};
