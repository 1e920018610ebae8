import { z } from 'zod';
import type { Judge } from './health-thresholds.ts';

export const backupSorts = ['database', 'files'] as const;
export type BackupSort = (typeof backupSorts)[number];

export const backupStatuses = ['writing', 'written', 'verified', 'corrupt', 'expired'] as const;
export type BackupStatus = (typeof backupStatuses)[number];

const namePattern = /^\d{8}T\d{6}Z-[a-z0-9][a-z0-9-]{0,79}$/;

/** Whether a text is called as backups are: by when they were taken, in UTC, and by which run. */
export const isBackupName = (text: string): boolean => namePattern.test(text);

export const backupNameOf = (takenAt: Date, run: string): string => `${takenAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-${run}`;

/** When a backup was taken, to the second, as its name says. */
export const takenAtOf = (name: string): Date =>
  new Date(name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'));

export const BackupName = z
  .string()
  .trim()
  .regex(namePattern, 'is the name of a backup, as the pane backups has it')
  .meta({ title: 'Name of the backup' });

/** The newest backup of the database is told when it is older than so many hours, or smaller than so many percent of the one before: it lacks something. */
export type BackupLimits = { readonly hours: number; readonly percent: number };

/** Those at which health says that it is wrong. */
export const backupLimits = (judge: Judge): BackupLimits => ({
  hours: judge('backup')?.bad ?? Infinity,
  percent: judge('backup-size')?.bad ?? 0,
});

/** What is known of the newest whole backup of a database. */
export type NewestBackup = { readonly takenAt: Date; readonly octets: bigint | null; readonly previousOctets: bigint | null };

export type BackupAlarm = 'none' | 'old' | 'shrunken' | 'fine';

/** How much smaller or larger than the one before, in percent; undefined where there was none. */
export const changeOf = ({ octets, previousOctets }: Omit<NewestBackup, 'takenAt'>): number | undefined =>
  octets === null || previousOctets === null || previousOctets === 0n ? undefined : Number((octets * 1_000n) / previousOctets) / 10 - 100;

/** Whether a bank could be lost: nothing new enough, or something much smaller than it was. */
export const alarmOf = (newest: NewestBackup | undefined, now: Date, { hours, percent }: BackupLimits): BackupAlarm => {
  if (!newest) return 'none';
  if (now.getTime() - newest.takenAt.getTime() > hours * 3_600_000) return 'old';
  const change = changeOf(newest);
  return change !== undefined && change < percent - 100 ? 'shrunken' : 'fine';
};

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `12.3 MB` */
export const formatOctets = (octets: bigint | number | null): string => {
  if (octets === null) return '-';
  let [value, unit] = [Number(octets), 0];
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
};

/** `+1.2 %` */
export const formatChange = (change: number | undefined): string =>
  change === undefined ? '-' : `${change >= 0 ? '+' : ''}${change.toFixed(1)} %`;

/** `3 h`, `12 d` */
export const formatAge = (hours: number): string => (hours < 48 ? `${Math.max(0, Math.floor(hours))} h` : `${Math.floor(hours / 24)} d`);
