import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { defineRunbook } from '../kit/define-runbook.ts';
import { HostNames, hostsNamed } from './hosts.ts';

/** What a host says about itself, without changing anything: system, load, memory, disks. */
export const hostReport = defineRunbook({
  id: 'host-report',
  title: 'Host report',
  past: 'reported',
  version: '1',
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: false,
  whenAborted: 'nothing: it only reads',
  input: z.object({ hosts: HostNames, note: Note }),

  gather: ({ hosts }, context) => hostsNamed(hosts, context),
  target: hosts => hosts.map(({ name }) => name).join(', '),
  preview: hosts => [
    `${hosts.length} ${hosts.length === 1 ? 'host tells' : 'hosts tell'} about system, load, memory and disks; nothing is changed`,
  ],
  steps: hosts =>
    hosts.flatMap(({ name: host }) => [
      { title: 'system', host, words: ['uname', '-a'], timeoutSeconds: 20 },
      { title: 'load', host, words: ['cat', '/proc/loadavg'], timeoutSeconds: 20 },
      { title: 'memory', host, words: ['head', '-n', '5', '/proc/meminfo'], timeoutSeconds: 20 },
      { title: 'disks', host, words: ['df', '-P'], timeoutSeconds: 60 },
    ]),
});
