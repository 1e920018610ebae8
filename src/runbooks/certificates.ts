import { z } from 'zod';
import { Note } from '../domain/note.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { HostNames } from './hosts.ts';
import { changing, looking, mustBeWell, namesOf, oneAfterTheOther, reload, twoInProduction, upkeepOf } from './upkeep.ts';

/** Fewer days than these are told as a failure: certbot renews at thirty. */
const daysAtLeast = 14;

/** Says the end of a certificate and its days left; fails below the number of days. */
const daysScript = String.raw`
set -eu
end=$(openssl x509 -noout -enddate -in "$1") end=${'$'}{end#notAfter=}
days=$(( ($(date -d "$end" +%s) - $(date +%s)) / 86400 ))
echo "$1: $days days left, until $end"
[ "$days" -ge "$2" ]
`;

/** Puts a file in the place of another at once, with the owner and the mode that the other had; does nothing where they are equal. */
const copyScript = String.raw`
set -eu
if cmp -s -- "$1" "$2"; then echo "$2 is the same already"; exit 0; fi
umask 077
cp --dereference -- "$1" "$2.part"
if [ -e "$2" ]; then chown --reference="$2" -- "$2.part"; chmod --reference="$2" -- "$2.part"; fi
sync "$2.part"
mv -f -- "$2.part" "$2"
echo "$2 is new"
`;

const lacksCertificates = ({ certificates }: PlatformProfile): string | undefined =>
  certificates.length === 0 ? 'where its certificates are (platform.certificates)' : undefined;

const daysLeft = (host: string, { certificates }: PlatformProfile): readonly RunStep[] =>
  certificates.map(file => ({
    title: 'days left',
    host,
    words: ['sh', '-c', daysScript, 'sh', file, String(daysAtLeast)],
    timeoutSeconds: 30,
  }));

const input = z.object({ hosts: HostNames, note: Note });

export const certificateDays = defineRunbook({
  ...looking,
  id: 'certificate-days',
  title: 'Days of certificates',
  past: 'looked at',
  version: '1',
  input,
  gather: ({ hosts }, context) => upkeepOf(hosts, context, lacksCertificates),
  target: namesOf,
  preview: ({ platform }) => [`it fails where one of ${platform.certificates.join(', ')} has less than ${daysAtLeast} days`],
  steps: ({ hosts, platform }) => oneAfterTheOther(hosts, host => daysLeft(host, platform)),
});

/** Rehearsed with the authority's staging service first; what is not due yet stays. Safe to repeat daily. */
export const renewCertificates = defineRunbook({
  ...changing,
  id: 'renew-certificates',
  title: 'Renew certificates',
  past: 'renewed',
  version: '1',
  whenAborted: 'a certificate is the old one or the new one, whole; what was not copied yet is copied by the next run',
  input,
  eyesFor: twoInProduction,
  gather: ({ hosts }, context) => upkeepOf(hosts, context, lacksCertificates),
  target: upkeep => `certificates of ${namesOf(upkeep)}`,
  preview: ({ platform }) => [
    'what is due is renewed by certbot, after a rehearsal; what is not due stays as it is',
    ...platform.renewed.map(({ from, to }) => `${from} is copied to ${to}, which keeps its owner and mode`),
    ...(platform.proxy === undefined ? [] : [`${platform.proxy} is reloaded: connections stay`]),
    `it fails where a certificate then has less than ${daysAtLeast} days`,
  ],
  steps: ({ hosts, platform }) =>
    oneAfterTheOther(hosts, host => [
      { title: 'rehearse', host, words: ['certbot', 'renew', '--dry-run', '--non-interactive'], timeoutSeconds: 900 },
      { title: 'renew', host, words: ['certbot', 'renew', '--non-interactive'], timeoutSeconds: 900 },
      ...platform.renewed.map(({ from, to }): RunStep => ({
        title: 'copy',
        host,
        words: ['sh', '-c', copyScript, 'sh', from, to],
        timeoutSeconds: 60,
      })),
      ...(platform.proxy === undefined ? [] : [reload(host, platform.proxy)]),
      ...mustBeWell(host, platform),
      ...daysLeft(host, platform),
    ]),
});
