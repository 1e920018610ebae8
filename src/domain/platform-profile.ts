import { z } from 'zod';
import { Place, ServiceUnit, upkeepShape } from './platform-upkeep.ts';

const Endpoint = z.string().regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'is a host and a port, such as localhost:6379');

/** What Bursar knows of the platform that runs beside the database; what is left out is not looked at. */
export const PlatformProfile = z.strictObject({
  /** Answers 200 while the platform is well. */
  health: z.url({ protocol: /^https?$/ }).optional(),
  /** How long it may take to be well after a restore before that is taken back; 60 unless said. */
  healthPatienceSeconds: z.number().int().min(1).max(3_600).optional(),
  /** The unit that is stopped and started around a restore or an update. */
  service: ServiceUnit.optional(),
  /** While this file is there the platform answers 503 to all but staff, with the message that it holds. */
  maintenanceFile: Place.optional(),
  /** Uploads, which have backups of their own. */
  media: z.array(Place).max(20).default([]),
  /** Configuration and certificates: they go into the backup of files. */
  files: z.array(Place).max(50).default([]),
  logs: z.array(Place).max(50).default([]),
  certificates: z.array(Place).max(50).default([]),
  /** Folders whose old content cleanup may remove. */
  temporary: z.array(Place).max(20).default([]),
  valkey: Endpoint.optional(),
  smtp: Endpoint.optional(),
  /** Ports that may be open; any other one is told. */
  ports: z.array(z.number().int().min(1).max(65_535)).max(100).optional(),
  ...upkeepShape,
});
export type PlatformProfile = z.output<typeof PlatformProfile>;

/** Where backups of this host lie and how long they stay. */
export const BackupSettings = z.strictObject({
  /** Undefined: `backups` in the home. */
  folder: Place.optional(),
  /** 64 hexadecimal digits, readable by their owner only, that backups are encrypted with; without it they are not. */
  keyFile: Place.optional(),
  /** A folder on another disk or a mounted other host, where each backup is copied to and hashed again. */
  copyTo: Place.optional(),
  /** Where pg_dump, pg_restore and psql lie; undefined: as the PATH finds them. */
  postgresTools: Place.optional(),
  databaseDays: z.number().int().min(1).max(3_650).default(30),
  mediaDays: z.number().int().min(1).max(3_650).default(7),
  /** Verified ones that stay however old they are. */
  keepAtLeast: z.number().int().min(1).max(1_000).default(7),
});
export type BackupSettings = z.output<typeof BackupSettings>;
