import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { HostName } from '../domain/remote-host.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import { inFolder } from '../domain/run.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { backupStep } from './backup-first.ts';
import { changing, looking, namesOf, titleOf, twoInProduction, upkeepOf } from './upkeep.ts';

/** Bursar's own on the host of the database, and the platform's where its profile says how. */
export const migrationSteps = (database: string, host: string, { update, migrations }: PlatformProfile, what: 'show' | 'apply'): readonly RunStep[] => {
  const words = what === 'show' ? migrations?.status : migrations?.apply;
  return [
    { title: `migrations: ${what}`, host: database, words: ['bursar', 'maintain', 'migrations', '--what', what], timeoutSeconds: 3_600 },
    ...(words === undefined
      ? []
      : [{ title: titleOf(words), host, words: update === undefined ? words : inFolder(update.folder, words), timeoutSeconds: 3_600 }]),
  ];
}; // prettier-ignore

const input = z.object({ host: HostName.meta({ title: 'Host of the database' }), note: Note });

export const showMigrations = defineRunbook({
  ...looking,
  id: 'show-migrations',
  title: 'Show migrations',
  past: 'shown',
  version: '1',
  input,
  gather: ({ host }, context) => upkeepOf([host], context),
  target: namesOf,
  preview: () => ['which migrations are applied and which wait; nothing is changed'],
  steps: ({ platform }, { host }) => migrationSteps(host, host, platform, 'show'),
});

/** What a restore leaves for afterwards, and an update does by itself. Making migrations is the developers': nothing here does it. */
export const applyMigrations = defineRunbook({
  ...changing,
  id: 'apply-migrations',
  title: 'Apply migrations',
  past: 'applied',
  version: '1',
  whenAborted: 'each migration is applied whole or not at all; the next run goes on after the last one',
  input,
  eyesFor: twoInProduction,
  gather: ({ host }, context) => upkeepOf([host], context),
  target: upkeep => `migrations on ${namesOf(upkeep)}`,
  preview: (_upkeep, { host }) => [
    `what waits is shown, a backup is made and read back on ${host}, and only then is it applied`,
    'nothing takes a migration back but a restore of that backup',
  ],
  steps: ({ platform }, { host }) => [
    ...migrationSteps(host, host, platform, 'show'),
    backupStep(host),
    ...migrationSteps(host, host, platform, 'apply'),
    ...migrationSteps(host, host, platform, 'show'),
  ],
});
