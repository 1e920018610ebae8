import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { MaintenanceFile, maintenanceFileText } from '../domain/maintenance.ts';
import { defineWork, WorkRefused } from './define-work.ts';
import { synchronize } from './files.ts';
import { writeWhole } from './whole-file.ts';

/** Closes the platform that reads this file to all but its staff, until a time. Written whole or not at all; what stood there is replaced. */
export const closeForMaintenance = (
  file: string,
  { message, until, by }: { readonly message: string; readonly until: Date; readonly by: string },
): Promise<void> =>
  // Whoever the platform runs as reads it, and there is no secret in it
  writeWhole(file, maintenanceFileText(message, until, by), { mode: 0o644 });

/** Lets everybody in again; also where nobody was kept out. */
export const openAgain = async (file: string): Promise<void> => {
  await rm(file, { force: true });
  await synchronize(path.dirname(file));
};

const fileOf = (file: string | undefined): string => {
  if (file === undefined) throw new WorkRefused('config.json of this host names no file of maintenance mode: platform.maintenanceFile');
  return file;
};

export const maintenanceOnWork = defineWork({
  name: 'maintenance-on',
  summary: 'write the file of maintenance mode',
  input: MaintenanceFile,
  run: async ({ message, until, by }, { platform }) => {
    const end = new Date(until);
    // What is over closes nothing, and a file that is written too late says so
    if (end <= new Date()) throw new WorkRefused(`its end, ${until}, has passed`);
    await closeForMaintenance(fileOf(platform.maintenanceFile), { message, until: end, by });
    return { closed: true, until };
  },
});

export const maintenanceOffWork = defineWork({
  name: 'maintenance-off',
  summary: 'take the file of maintenance mode away',
  input: z.object({}),
  run: async (_input, { platform }) => {
    await openAgain(fileOf(platform.maintenanceFile));
    return { closed: false };
  },
});
