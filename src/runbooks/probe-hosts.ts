import { z } from 'zod';
import { plainProbes } from '../domain/host-probe.ts';
import { Note } from '../domain/note.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { HostNames, hostsNamed } from './hosts.ts';

const ways = ['bursar', 'plain commands'] as const;

/** Asks hosts everything at once; what they say stands in the pane health. Nothing is changed on them. */
export const probeHosts = defineRunbook({
  id: 'probe-hosts',
  title: 'Ask hosts how they are',
  past: 'asked',
  version: '1',
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: false,
  whenAborted: 'nothing: it only reads',
  input: z.object({
    hosts: HostNames,
    by: z.enum(ways).default('bursar').meta({ title: 'By the Bursar that is there, or by plain commands' }),
    note: Note,
  }),

  gather: ({ hosts }, context) => hostsNamed(hosts, context),
  target: hosts => hosts.map(({ name }) => name).join(', '),
  preview: (hosts, { by }) => [
    `${hosts.map(({ name }) => name).join(', ')}: disks, memory, load, ports that listen, firewall and updates are looked at; nothing is changed`,
    by === 'bursar'
      ? 'with what its profile names: service, certificates, expected ports, platform, database, mail'
      : 'services, certificates and the platform are left out: only a Bursar on the host knows of them',
  ],
  steps: (hosts, { by }) =>
    hosts.flatMap(({ name: host }): readonly RunStep[] =>
      by === 'bursar'
        ? [{ title: 'ask', host, words: ['bursar', 'maintain', 'probe'], timeoutSeconds: 120 }]
        : plainProbes.map(({ title, script }) => ({ title, host, words: ['sh', '-c', script], timeoutSeconds: 60 })),
    ),
});
