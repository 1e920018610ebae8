import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { HostNames, hostsNamed } from './hosts.ts';

/** A unit of systemd, as systemd.unit(5) lets it be called; what begins with a dash would be an option. */
export const ServiceName = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@-]{0,120}$/, 'is the name of a service, such as nginx')
  .meta({ title: 'Service' });

const input = z.object({ hosts: HostNames, service: ServiceName, note: Note });

export const serviceStatus = defineRunbook({
  id: 'service-status',
  title: 'Service status',
  past: 'looked at',
  version: '1',
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: false,
  whenAborted: 'nothing: it only reads',
  input,
  gather: ({ hosts }, context) => hostsNamed(hosts, context),
  target: (hosts, { service }) => `${service} on ${hosts.map(({ name }) => name).join(', ')}`,
  preview: (_hosts, { service }) => [`${service} is looked at; nothing is changed`],
  steps: (hosts, { service }) =>
    hosts.map(({ name: host }) => ({
      title: 'status',
      host,
      words: ['systemctl', 'status', '--no-pager', '--lines=40', '--', service],
      timeoutSeconds: 30,
    })),
});

/** Restarts one host after the other and looks three times whether the service stays up. */
export const restartService = defineRunbook({
  id: 'restart-service',
  title: 'Restart service',
  past: 'restarted',
  version: '1',
  permission: 'run.start',
  danger: 'typed',
  eyes: 1,
  dangerous: true,
  whenAborted: 'hosts before it are restarted, those after it are not; a restart that was begun is finished by the host',
  input,
  gather: ({ hosts }, context) => hostsNamed(hosts, context),
  target: (hosts, { service }) => `${service} on ${hosts.map(({ name }) => name).join(', ')}`,
  preview: (hosts, { service }) => [
    `${service} is restarted on ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}, one after the other; requests in flight there are lost`,
    'after each restart it must be up three times in a row; otherwise the rest is left as it is',
  ],
  steps: (hosts, { service }) =>
    hosts.flatMap(({ name: host }, index): readonly RunStep[] => [
      { title: 'restart', host, words: ['systemctl', 'restart', '--', service], timeoutSeconds: 120 },
      ...[1, 2, 3].map((time): RunStep => ({
        title: `up, ${time} of 3`,
        host,
        words: ['sh', '-c', 'sleep 2 && systemctl is-active -- "$1"', 'sh', service],
        timeoutSeconds: 30,
        ...(time === 3 && index === 0 && hosts.length > 1 ? { pauseAfter: true } : {}),
      })),
    ]),
});
