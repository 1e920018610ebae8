import { z } from 'zod';
import { BackupName } from '../domain/backup.ts';
import { Note } from '../domain/note.ts';
import { Place } from '../domain/platform-upkeep.ts';
import { runWord } from '../domain/run.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { databaseOn, HostName, hostNamed } from './one-host.ts';
import { wholeOn } from './restore-parts.ts';

const common = { version: '1', permission: 'backup.take', danger: 'plain', eyes: 1 } as const;
const input = z.object({ host: HostName, note: Note });
const named = z.object({
  host: HostName,
  name: BackupName,
  note: Note,
});

/** What a console asks of the host of a database. */
const work = (title: string, host: string, name: string, flags: readonly string[], timeoutSeconds: number): RunStep => ({
  title, host, words: ['bursar', 'maintain', name, ...flags], timeoutSeconds,
}); // prettier-ignore

export const backup = defineRunbook({
  ...common,
  id: 'backup',
  title: 'Back up database',
  past: 'backed up',
  dangerous: true,
  whenAborted: 'the backups that were there; what is not finished is removed and never called a backup',
  input,
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => databaseOn(name),
  preview: ({ name }) => [
    `the database of ${name} is written out as of one moment, read whole, signed, and encrypted where that host has a key for it; nobody has to wait`,
    'only then backups go that are older than they have to be: never the newest seven that are whole, never a pinned one',
  ],
  steps: ({ name }) => [work('back up', name, 'backup', ['--run', runWord], 21_600)],
});

export const backupFiles = defineRunbook({
  ...common,
  id: 'backup-files',
  title: 'Back up files',
  past: 'backed up',
  dangerous: true,
  whenAborted: 'the backups that were there; what is not finished is removed and never called a backup',
  input,
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => `files on ${name}`,
  preview: ({ name }) => [
    `media, configuration and certificates of ${name} are backed up, as its profile names them; what has not changed costs no space`,
    'sealed where that host has a key for backups, each content once; links are kept as links and not followed',
  ],
  steps: ({ name }) => [work('back up files', name, 'backup-files', ['--run', runWord], 21_600)],
});

export const verifyBackup = defineRunbook({
  ...common,
  id: 'verify-backup',
  title: 'Verify backup',
  past: 'read whole',
  dangerous: false,
  whenAborted: 'nothing: it only reads',
  input: named,
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name: host }, { name }) => `${name} on ${host}`,
  preview: (_host, { name }) => [
    `${name} is read whole, and its copy where that host copies its backups: signature, hashes, and what is inside`,
    'one that is not what was written counts as none from then on, and a copy that is damaged or missing is told',
  ],
  steps: ({ name: host }, { name }) => [work('verify', host, 'verify-backup', ['--name', name], 21_600)],
});

export const listBackups = defineRunbook({
  ...common,
  id: 'list-backups',
  title: 'Look for backups',
  past: 'looked for',
  dangerous: false,
  whenAborted: 'nothing: it only reads',
  input,
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => `backups on ${name}`,
  preview: ({ name }) => [
    `what lies among the backups of ${name} is listed; what is gone there is gone here too, and what was not known is known then`,
  ],
  steps: ({ name }) => [work('list', name, 'list-backups', [], 600)],
});

const pinning = { ...common, dangerous: false, whenAborted: 'the pin as it was, or as it was asked for', input: named } as const;

export const pinBackup = defineRunbook({
  ...pinning,
  id: 'pin-backup',
  title: 'Pin backup',
  past: 'pinned',
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name: host }, { name }) => `${name} on ${host}`,
  preview: (_host, { name }) => [`${name} stays however old it becomes, until somebody unpins it`],
  steps: ({ name: host }, { name }) => [work('pin', host, 'pin-backup', ['--name', name], 120)],
});

export const unpinBackup = defineRunbook({
  ...pinning,
  id: 'unpin-backup',
  title: 'Unpin backup',
  past: 'unpinned',
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name: host }, { name }) => `${name} on ${host}`,
  preview: (_host, { name }) => [`${name} goes like others: with the first backup after it is older than it has to be`],
  steps: ({ name: host }, { name }) => [work('unpin', host, 'unpin-backup', ['--name', name], 120)],
});

/** Puts a folder of media back as a backup has it. */
export const restoreFiles = defineRunbook({
  id: 'restore-files',
  title: 'Restore files',
  past: 'restored',
  version: '2',
  permission: 'run.start',
  danger: 'typed',
  eyes: 2,
  checker: 'approval.decide',
  code: true,
  dangerous: true,
  whenAborted: 'the folder as it was, or as the backup has it: it is waited for, and a service that it stopped is started',
  input: named.omit({ note: true }).extend({
    folder: Place.meta({ title: 'Folder of media that is replaced' }),
    stop: z.boolean().default(false).meta({ title: 'Stop the service while the folder changes' }),
    note: Note,
  }),
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name: host }) => `files on ${host}`,
  preview: ({ name: host }, { name, folder, stop }) => [
    `${folder} on ${host} becomes what it was in ${name}: it is filled beside it, every file is read back, and only then both change their names`,
    `what stands there now stays as ${folder}.before-… with all that was uploaded since; nobody removes it but by hand`,
    stop
      ? 'once the folder beside it is whole, maintenance mode begins and the service is stopped; it is started again, looked at three times, and maintenance mode ends'
      : 'the service is not stopped: what it uploads meanwhile, or has open, is in the folder that stays; --stop yes stops it for that moment',
  ],
  steps: ({ name: host }, { name, folder, stop }) => [
    wholeOn(
      host,
      'restore files',
      ['restore-files', '--name', name, '--folder', folder, ...(stop ? ['--stop', 'yes'] : []), '--run', runWord],
      43_200,
    ),
  ],
});
