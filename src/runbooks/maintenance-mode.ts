import { z } from 'zod';
import { formatInstant } from '../domain/day.ts';
import { Note } from '../domain/note.ts';
import { conflict, done } from '../domain/outcome.ts';
import { defineRunbook } from '../kit/define-runbook.ts';
import { maintenanceNow } from '../resources/maintenance/queries.ts';
import { HostNames, hostsNamed } from './hosts.ts';

const input = z.object({ hosts: HostNames, note: Note });
const common = { version: '1', permission: 'maintenance.edit', danger: 'typed', eyes: 1, dangerous: true, input } as const;
const target = (names: readonly string[]): string => `maintenance file on ${names.join(', ')}`;

/** Writes the file that platforms read who ask no database, for the window that is on. */
export const maintenanceOn = defineRunbook({
  ...common,
  id: 'maintenance-on',
  title: 'Maintenance file on',
  past: 'closed',
  whenAborted: 'hosts before it are closed, those after it are not; the file ends by itself',
  gather: async ({ hosts }, context) => {
    const named = await hostsNamed(hosts, context);
    if (!named.ok) return named;
    const window = await maintenanceNow(context.db);
    if (!window) return conflict('maintenance mode is off', 'start it first: bursar maintenance start');
    return done({ names: named.value.map(({ name }) => name), window, by: context.operator.name });
  },
  target: ({ names }) => target(names),
  preview: ({ names, window }) => [
    `${names.join(', ')} ${names.length === 1 ? 'gets' : 'get'} the file of maintenance mode: all but staff are answered with 503 until ${formatInstant(window.until)} UTC`,
    window.message,
  ],
  steps: ({ names, window, by }) =>
    names.map(host => ({
      title: 'close',
      host,
      words: ['bursar', 'maintain', 'maintenance-on', '--until', window.until.toISOString(), '--message', window.message, '--by', by],
      timeoutSeconds: 60,
    })),
});

/** Takes that file away. */
export const maintenanceOff = defineRunbook({
  ...common,
  id: 'maintenance-off',
  title: 'Maintenance file off',
  past: 'opened',
  whenAborted: 'hosts before it are open, those after it are closed until the end that their file names',
  gather: async ({ hosts }, context) => {
    const named = await hostsNamed(hosts, context);
    return named.ok ? done(named.value.map(({ name }) => name)) : named;
  },
  target,
  preview: names => [`${names.join(', ')}: the file of maintenance mode is taken away; everybody is let in there`],
  steps: names => names.map(host => ({ title: 'open', host, words: ['bursar', 'maintain', 'maintenance-off'], timeoutSeconds: 60 })),
});
