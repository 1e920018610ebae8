import { z } from 'zod';
import { isDay } from './day.ts';
import { done, invalid, type Outcome } from './outcome.ts';

/** What people who are turned away read; one line, because it may stand in a header, in JSON or in a page. */
export const MaintenanceMessage = z
  .string()
  .trim()
  .min(3, 'takes at least 3 characters')
  .max(300, 'takes at most 300 characters')
  .regex(/^\P{C}+$/u, 'is one line without control characters');

/** The file of maintenance mode, as the platform reads it: JSON with these three. */
export const MaintenanceFile = z.strictObject({
  message: MaintenanceMessage,
  /** ISO 8601 in UTC. From then on the file means nothing, also where nobody takes it away. */
  until: z.iso.datetime({ precision: 3 }),
  /** Who asked for it: the name of an operator, or what runs. */
  by: z.string().trim().min(1).max(100).regex(/^\P{C}+$/u),
}); // prettier-ignore
export type MaintenanceFile = z.output<typeof MaintenanceFile>;

/** More is no file of ours, in octets. */
const longestMaintenanceFile = 4_096;

/** What stands where a file is there that nobody can read: who cannot be told stays out. */
const unreadable = 'closed for maintenance';

/** The content of the file. Throws where a part is not as the platform takes it. */
export const maintenanceFileText = (message: string, until: Date, by: string): string =>
  `${JSON.stringify(MaintenanceFile.parse({ message, until: until.toISOString(), by }))}\n`;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Maintenance as a reader of the file sees it; no end where the file cannot be read. */
export type MaintenanceSeen = { readonly message: string; readonly until: Date | null; readonly by: string | null };

/**
 * What the content of the file says at a time; undefined where there is no maintenance: no file (undefined), or its end has passed. A file that cannot be
 * read is maintenance too, until somebody takes it away: nobody is let in because of a broken line.
 */
export const readMaintenanceFile = (text: string | undefined, now: Date): MaintenanceSeen | undefined => {
  if (text === undefined) return undefined;
  const file = text.length <= longestMaintenanceFile ? MaintenanceFile.safeParse(parsed(text)) : undefined;
  if (!file?.success) return { message: unreadable, until: null, by: null };
  const { message, until, by } = file.data;
  const end = new Date(until);
  return end > now ? { message, until: end, by } : undefined;
};

/** `2026-11-22 02:00`, in UTC. */
export const parseInstant = (text: string): Outcome<Date> => {
  const [, day = '', time = ''] = /^(\d{4}-\d{2}-\d{2})[ T]((?:[01]\d|2[0-3]):[0-5]\d)Z?$/.exec(text.trim()) ?? [];
  return isDay(day) ? done(new Date(`${day}T${time}Z`)) : invalid(`"${text}" is no time`, 'write it like 2026-11-22 02:00, in UTC');
};
