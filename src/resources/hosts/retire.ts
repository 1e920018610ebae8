import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setHostRetired, type HostRow } from './queries.ts';
import { hostFor, HostId, hostTarget, placeOf, whyNotInUse, whyNotRestore } from './target.ts';

const input = z.object({ id: HostId, note: Note });
const common = { permission: 'host.edit', eyes: 1, danger: 'plain', verb: 'update', entity: 'host', input } as const;
const taken = (action: string, host: HostRow, note: string) => [
  { action, input: { id: String(host.id), note: `undone: ${note}`.slice(0, 2_000) } },
];

export const retireHost = defineAction({
  ...common,
  id: 'hosts.retire',
  title: 'Retire host',
  past: 'retired',
  gather: ({ id }, context) => hostFor(id, context, whyNotInUse),
  target: hostTarget,
  preview: host => [
    `nothing connects to ${host.name} (${placeOf(host)}) from here any more`,
    'its name stays taken, and what was done there stays on record',
  ],
  execute: async (host, _input, { db }) => {
    await setHostRetired(db, host, true);
    return { summary: `retired ${host.name}`, old: { retired: false }, new: { retired: true } };
  },
  waysBack: (host, { note }) => taken('hosts.restore', host, note),
});

export const restoreHost = defineAction({
  ...common,
  id: 'hosts.restore',
  title: 'Restore host',
  past: 'restored',
  code: true,
  gather: ({ id }, context) => hostFor(id, context, whyNotRestore),
  target: hostTarget,
  preview: host => [`${host.name} (${placeOf(host)}) is connected to again, if it still has the key ${host.fingerprint}`],
  execute: async (host, _input, { db }) => {
    await setHostRetired(db, host, false);
    return { summary: `restored ${host.name}`, old: { retired: true }, new: { retired: false } };
  },
  waysBack: (host, { note }) => taken('hosts.retire', host, note),
});
