import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { backupStep, DatabaseHost } from './backup-first.ts';
import { HostNames } from './hosts.ts';
import { migrationSteps } from './migrations.ts';
import { changing, checksOf, looking, mustBeWell, namesOf, oneAfterTheOther, restart, twoInProduction, upkeepOf } from './upkeep.ts';

const validated = (host: string): RunStep => ({
  title: 'variables',
  host,
  words: ['bursar', 'maintain', 'validate-environment', '--print-status', 'yes'],
  timeoutSeconds: 60,
});

/** Which variables of the platform are set and well-formed. */
export const validateEnvironment = defineRunbook({
  ...looking,
  id: 'validate-environment',
  title: 'Validate the environment',
  past: 'validated',
  version: '1',
  input: z.object({ hosts: HostNames, note: Note }),
  gather: ({ hosts }, context) => upkeepOf(hosts, context),
  target: namesOf,
  preview: upkeep => [
    `on ${namesOf(upkeep)}: which variables of the platform are set and well-formed; no value is read out`,
    'it fails where one is missing, is no secret, or is for development only',
  ],
  steps: ({ hosts }) => oneAfterTheOther(hosts, host => [validated(host)]),
});

/** The order of a deployment: variables, backup, migrations, start, health. A wrong variable ends it before anything is changed. */
export const deployPlatform = defineRunbook({
  ...changing,
  id: 'deploy-platform',
  title: 'Deploy the platform',
  past: 'deployed',
  version: '1',
  whenAborted: 'migrations that were applied stay; hosts before it run with them, those after it are as they were',
  input: z.object({ hosts: HostNames, database: DatabaseHost, note: Note }),
  eyesFor: twoInProduction,
  gather: ({ hosts }, context) => upkeepOf(hosts, context),
  target: upkeep => `application on ${namesOf(upkeep)}`,
  preview: (upkeep, { database }) => [
    `the variables of every host are validated before anything is changed; then a backup on ${database ?? upkeep.hosts[0]?.name ?? '-'}, then migrations`,
    `then ${namesOf(upkeep)}, one after the other: started, and well three times in a row`,
    'way back: restore the backup; for code alone, runs roll-back-application',
  ],
  steps: ({ hosts, platform }, { database }) => {
    const at = database ?? hosts[0]?.name ?? '';
    return [
      ...hosts.map(({ name }) => validated(name)),
      backupStep(at),
      ...migrationSteps(at, hosts[0]?.name ?? '', platform, 'apply'),
      ...oneAfterTheOther(hosts, host => [
        ...(platform.service === undefined ? [] : [restart(host, platform.service)]),
        ...mustBeWell(host, platform),
        ...checksOf(host, platform),
      ]),
    ];
  },
});
