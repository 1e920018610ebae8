import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { HostNames } from './hosts.ts';
import { changing, checksOf, looking, mustBeWell, namesOf, oneAfterTheOther, twoInProduction, upkeepOf } from './upkeep.ts';

const unattended = { env: 'DEBIAN_FRONTEND=noninteractive', program: 'unattended-upgrade' } as const;

/** What would be installed, by the tools that would install it. */
const simulated = (host: string): readonly RunStep[] => [
  { title: 'refresh lists', host, words: ['apt-get', '--quiet', 'update'], timeoutSeconds: 600 },
  { title: 'all that waits', host, words: ['apt-get', '--simulate', '--quiet', 'upgrade'], timeoutSeconds: 300 },
  { title: 'security only, dry run', host, words: ['env', unattended.env, unattended.program, '--dry-run', '--verbose'], timeoutSeconds: 900 },
]; // prettier-ignore

/** Debian's packages leave this file where only a restart takes up what was installed. */
const restartNeeded = (host: string): RunStep => ({
  title: 'restart needed',
  host,
  words: [
    'sh',
    '-c',
    'if [ -e "$1" ]; then echo "a restart of the host is needed, by:"; sort -u -- "$1.pkgs" 2>/dev/null || true; else echo "no restart is needed"; fi',
    'sh',
    '/run/reboot-required',
  ],
  timeoutSeconds: 30,
});

const input = z.object({ hosts: HostNames, note: Note });

export const checkSecurityUpdates = defineRunbook({
  ...looking,
  id: 'check-security-updates',
  title: 'Look for security updates',
  past: 'looked at',
  version: '1',
  input,
  gather: ({ hosts }, context) => upkeepOf(hosts, context),
  target: namesOf,
  preview: upkeep => [`${namesOf(upkeep)}: what waits and what a security update would install is listed; nothing is installed`],
  steps: ({ hosts }) => oneAfterTheOther(hosts, host => [...simulated(host), restartNeeded(host)]),
});

/** Simulated first, then security alone, then the platform must still be well and its checks pass before the next host begins. */
export const securityUpdate = defineRunbook({
  ...changing,
  id: 'security-update',
  title: 'Install security updates',
  past: 'updated',
  version: '1',
  whenAborted: 'hosts before it are updated, those after it are not; on this one dpkg may stand half-way: "dpkg --configure -a" goes on',
  input,
  eyesFor: twoInProduction,
  gather: ({ hosts }, context) => upkeepOf(hosts, context),
  target: upkeep => `packages of ${namesOf(upkeep)}`,
  preview: upkeep => [
    `${namesOf(upkeep)}, one after the other${upkeep.hosts.length > 1 ? ', with a pause after the first' : ''}: simulated first, then what is marked as security is installed and nothing else`,
    'services of the packages are restarted by them; the host itself is not, and whether it needs it is told',
    ...(upkeep.platform.checks.length > 0 ? ['the checks of the profile must pass before the next host begins'] : []),
  ],
  steps: ({ hosts, platform }) =>
    oneAfterTheOther(hosts, host => [
      ...simulated(host),
      { title: 'install security only', host, words: ['env', unattended.env, unattended.program, '--verbose'], timeoutSeconds: 7_200 },
      restartNeeded(host),
      ...mustBeWell(host, platform),
      ...checksOf(host, platform),
    ]),
});
