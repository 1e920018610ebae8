import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { conflict, done, type Outcome } from '../domain/outcome.ts';
import type { Context } from '../kit/define-action.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { HostNames } from './hosts.ts';
import { changing, namesOf, oneAfterTheOther, twoInProduction, upkeepOf, type Upkeep } from './upkeep.ts';

/** How a part of logrotate is called. */
const RotationName = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, 'is a small letter, then small letters, digits and dashes')
  .default('bank')
  .meta({ title: 'Name of the rotation' });

/**
 * Writes the part beside its place, has logrotate read it, and only then puts it there; what stood there is kept. Thirty days, all but the newest compressed, as
 * guides D29 and H20 want it. The files are arguments: one with a quote or a line break never gets here.
 */
const writeScript = String.raw`
set -eu
umask 022
part=$1 unit=$2
shift 2
{
  for file; do printf '"%s"\n' "$file"; done
  printf '{\n  daily\n  rotate 30\n  compress\n  delaycompress\n  missingok\n  notifempty\n  create 0644\n  sharedscripts\n'
  [ -z "$unit" ] || printf '  postrotate\n    systemctl reload -- %s\n  endscript\n' "$unit"
  printf '}\n'
} > "$part"
cat -- "$part"
`;

/** An answer of logrotate that names an error is a refusal, whatever its exit code says (it is 0 for a line that it skipped). */
const readScript = String.raw`
set -eu
said=$(logrotate --debug -- "$1" 2>&1) || { printf '%s\n' "$said"; exit 1; }
printf '%s\n' "$said"
! printf '%s\n' "$said" | grep -q '^error:'
`;

const placeScript = String.raw`
set -eu
[ ! -e "$2" ] || cp --preserve=all -- "$2" "$2.dpkg-old"
sync "$1"
mv -f -- "$1" "$2"
`;

const rotated = (platform: Upkeep['platform'], name: string): string => `${platform.rotations}/${name}`;
/** Beside its place; logrotate skips files that end so (logrotate(8), tabooext), as it does the former one's `.dpkg-old`. */
const aside = (platform: Upkeep['platform'], name: string): string => `${rotated(platform, name)}.dpkg-new`;

const rotationOf = async (names: readonly string[], context: Context): Promise<Outcome<Upkeep>> => {
  const upkeep = await upkeepOf(names, context, ({ logs }) => (logs.length === 0 ? 'where its logs are (platform.logs)' : undefined));
  const odd = upkeep.ok ? upkeep.value.platform.logs.find(file => !/^\/[A-Za-z0-9_@+=:,.*/ -]+$/.test(file)) : undefined;
  if (odd !== undefined)
    return conflict(`logrotate cannot be given ${JSON.stringify(odd)}`, 'name logs with letters, digits, dots and dashes');
  return upkeep.ok ? done(upkeep.value) : upkeep;
};

const debugged = (host: string, file: string, title: string): RunStep => ({
  title, host, words: ['sh', '-c', readScript, 'sh', file], timeoutSeconds: 60,
}); // prettier-ignore

/** Installs how the logs of the platform are rotated. */
export const installLogRotation = defineRunbook({
  ...changing,
  id: 'install-log-rotation',
  title: 'Install log rotation',
  past: 'installed',
  version: '1',
  whenAborted: 'the former part is in its place, or the new one, whole',
  input: z.object({ hosts: HostNames, name: RotationName, note: Note }),
  eyesFor: twoInProduction,
  gather: ({ hosts }, context) => rotationOf(hosts, context),
  target: (upkeep, { name }) => `rotation ${name} on ${namesOf(upkeep)}`,
  preview: ({ platform }, { name }) => [
    `${platform.logs.join(', ')}: daily, 30 kept, compressed from the second on, mode 644, none where empty or missing`,
    platform.service === undefined ? 'no service is told' : `${platform.service} is told to open its logs anew`,
    `${rotated(platform, name)} is written once logrotate has read it without an error; what stood there is kept as ${name}.dpkg-old`,
  ],
  steps: ({ hosts, platform }, { name }) =>
    oneAfterTheOther(hosts, host => [
      { title: 'write aside', host, words: ['sh', '-c', writeScript, 'sh', aside(platform, name), platform.service ?? '', ...platform.logs], timeoutSeconds: 30 },
      debugged(host, aside(platform, name), 'dry run'),
      { title: 'install', host, words: ['sh', '-c', placeScript, 'sh', aside(platform, name), rotated(platform, name)], timeoutSeconds: 30 },
      debugged(host, rotated(platform, name), 'as installed'),
    ]), // prettier-ignore
});

/** Rotates now, whatever logrotate thinks of the time. */
export const rotateLogs = defineRunbook({
  ...changing,
  id: 'rotate-logs',
  title: 'Rotate logs now',
  past: 'rotated',
  version: '1',
  whenAborted: 'a log is rotated or not; the next daily run goes on from there',
  input: z.object({ hosts: HostNames, name: RotationName, note: Note }),
  eyesFor: twoInProduction,
  gather: ({ hosts }, context) => rotationOf(hosts, context),
  target: (upkeep, { name }) => `rotation ${name} on ${namesOf(upkeep)}`,
  preview: ({ platform }, { name }) => [
    `what ${rotated(platform, name)} names is rotated now, after a dry run; of more than thirty the oldest goes`,
  ],
  steps: ({ hosts, platform }, { name }) =>
    oneAfterTheOther(hosts, host => [
      debugged(host, rotated(platform, name), 'dry run'),
      { title: 'rotate', host, words: ['logrotate', '--force', '--verbose', '--', rotated(platform, name)], timeoutSeconds: 600 },
    ]),
});
