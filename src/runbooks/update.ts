import { z } from 'zod';
import { Note } from '../domain/note.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import { inFolder } from '../domain/run.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { backupStep, DatabaseHost } from './backup-first.ts';
import { HostNames } from './hosts.ts';
import { changing, checksOf, looking, mustBeWell, namesOf, oneAfterTheOther, reload, restart, titleOf, twoInProduction, upkeepOf, type Upkeep } from './upkeep.ts'; // prettier-ignore

/** Releases that were well stand in a file beside the checkout, the newest last: what runs now is remembered before the first update. */
const rememberScript = String.raw`
set -eu
cd -- "$1"
now=$(git rev-parse HEAD) file=$(git rev-parse --git-path bursar-releases)
if [ "$2" = before ] && [ -s "$file" ]; then echo "release $now; the newest that was well is $(tail -n 1 "$file")"; exit 0; fi
[ "$(tail -n 1 "$file" 2>/dev/null || true)" = "$now" ] || printf '%s\n' "$now" >> "$file"
echo "release $now is remembered"
`;

/** Back to the newest release that was well and is not this one. `--keep` refuses where somebody edited what would change. */
const backScript = String.raw`
set -eu
cd -- "$1"
now=$(git rev-parse HEAD) file=$(git rev-parse --git-path bursar-releases)
[ -s "$file" ] || { echo "no release is remembered here"; exit 3; }
grep -vxF -e "$now" -- "$file" > "$file.part" || { echo "no other release is remembered here"; exit 3; }
to=$(tail -n 1 "$file.part")
git reset --keep "$to"
mv -f -- "$file.part" "$file"
`;

const lacksUpdate = ({ update }: PlatformProfile): string | undefined =>
  update === undefined ? 'how it is updated (platform.update)' : undefined;

type Given = Required<Pick<PlatformProfile, 'update'>>;
const folderOf = ({ platform }: Upkeep): NonNullable<Given['update']> => {
  if (platform.update === undefined) throw new Error('an update without its profile was let through');
  return platform.update;
};

const comes = (host: string, folder: string): readonly RunStep[] => [
  { title: 'fetch', host, words: ['git', '-C', folder, 'fetch', '--quiet'], timeoutSeconds: 300 },
  { title: 'what comes', host, words: ['git', '-C', folder, 'log', '--oneline', '--max-count=200', 'HEAD..@{upstream}'], timeoutSeconds: 30 },
  { title: 'edited by hand', host, words: ['git', '-C', folder, 'status', '--short', '--untracked-files=no'], timeoutSeconds: 60 },
]; // prettier-ignore

/** Restart, three times well, checks, and the proxy last: nobody is sent to what is not well. */
const bringUp = (host: string, platform: PlatformProfile): readonly RunStep[] => [
  ...(platform.service === undefined ? [] : [restart(host, platform.service)]),
  ...mustBeWell(host, platform),
  ...checksOf(host, platform),
  ...(platform.proxy === undefined ? [] : [reload(host, platform.proxy)]),
];

const input = z.object({ hosts: HostNames, note: Note });

/** The dry run of an update: what would come, and what was edited by hand. */
export const checkUpdate = defineRunbook({
  ...looking,
  id: 'check-update',
  title: 'Look what an update brings',
  past: 'looked at',
  version: '1',
  input,
  gather: ({ hosts }, context) => upkeepOf(hosts, context, lacksUpdate),
  target: namesOf,
  preview: upkeep => [`what would come to ${folderOf(upkeep).folder} is fetched and listed; nothing that runs is changed`],
  steps: upkeep => oneAfterTheOther(upkeep.hosts, host => comes(host, folderOf(upkeep).folder)),
});

/** Backup first, then each host whole, the canary first: pull, the steps of the profile, restart, health, checks, proxy. */
export const updateApplication = defineRunbook({
  ...changing,
  id: 'update-application',
  title: 'Update the application',
  past: 'updated',
  version: '1',
  whenAborted: 'hosts before it have the new release, those after it the old one; "Roll back the application" brings the earlier one back',
  input: z.object({ hosts: HostNames, database: DatabaseHost, note: Note }),
  eyesFor: twoInProduction,
  gather: ({ hosts }, context) => upkeepOf(hosts, context, lacksUpdate),
  target: upkeep => `application on ${namesOf(upkeep)}`,
  preview: (upkeep, { database }) => [
    `a backup of the database is made and read back on ${database ?? upkeep.hosts[0]?.name ?? '-'} first`,
    `then ${namesOf(upkeep)}, one after the other${upkeep.hosts.length > 1 ? ', with a pause after the first' : ''}: ${folderOf(upkeep).steps.length} steps of the profile`,
    'each must be well three times in a row before the next begins; the proxy is reloaded last',
    'way back: runs roll-back-application; what migrations changed in the database stays',
  ],
  steps: (upkeep, { database }) => {
    const { folder, pull, steps } = folderOf(upkeep);
    const own = (host: string): readonly RunStep[] =>
      [pull, ...steps].map(words => ({ title: titleOf(words), host, words: inFolder(folder, words), timeoutSeconds: 1_800 }));
    const remember = (host: string, when: 'before' | 'after'): RunStep => ({
      title: `remember the release ${when}`, host, words: ['sh', '-c', rememberScript, 'sh', folder, when], timeoutSeconds: 30,
    }); // prettier-ignore
    const whole = (host: string): readonly RunStep[] => [
      ...comes(host, folder), remember(host, 'before'), ...own(host), ...bringUp(host, upkeep.platform), remember(host, 'after'),
    ]; // prettier-ignore
    return [backupStep(database ?? upkeep.hosts[0]?.name ?? ''), ...oneAfterTheOther(upkeep.hosts, whole)];
  },
});

/** The way back of an update: the newest release that was well and is not this one. */
export const rollBackApplication = defineRunbook({
  ...changing,
  id: 'roll-back-application',
  title: 'Roll back the application',
  past: 'rolled back',
  version: '1',
  whenAborted: 'hosts before it have the earlier release, those after it the newer one',
  input,
  eyesFor: twoInProduction,
  gather: ({ hosts }, context) => upkeepOf(hosts, context, lacksUpdate),
  target: upkeep => `application on ${namesOf(upkeep)}`,
  preview: upkeep => [
    `${folderOf(upkeep).folder} goes back to the newest release that was well before the one of now`,
    'the database is left as it is: an earlier release must bear what later migrations changed, else restore a backup',
  ],
  steps: upkeep => {
    const { folder, back } = folderOf(upkeep);
    return oneAfterTheOther(upkeep.hosts, host => [
      { title: 'go back', host, words: ['sh', '-c', backScript, 'sh', folder], timeoutSeconds: 120 },
      ...back.map((words): RunStep => ({ title: titleOf(words), host, words: inFolder(folder, words), timeoutSeconds: 1_800 })),
      ...bringUp(host, upkeep.platform),
    ]);
  },
});
