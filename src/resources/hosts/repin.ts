import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict } from '../../domain/outcome.ts';
import { Fingerprint } from '../../domain/remote-host.ts';
import { defineAction } from '../../kit/define-action.ts';
import { repinHost } from './queries.ts';
import { hostFor, HostId, hostTarget, placeOf, whyNotInUse } from './target.ts';

export const repinHostAction = defineAction({
  id: 'hosts.repin',
  title: 'Pin another key',
  past: 'pinned anew',
  permission: 'host.edit',
  eyes: 2,
  checker: 'approval.decide',
  danger: 'typed',
  code: true,
  verb: 'update',
  entity: 'host',
  input: z.object({ id: HostId, fingerprint: Fingerprint.meta({ title: 'Fingerprint of the new key' }), note: Note }),

  gather: async ({ id, fingerprint }, context) => {
    const host = await hostFor(id, context, whyNotInUse);
    if (host.ok && host.value.fingerprint === fingerprint) return conflict(`this key is pinned for ${host.value.name} already`);
    return host;
  },
  target: hostTarget,
  preview: (host, { fingerprint }) => [
    `${host.name} (${placeOf(host)}) is known by another key from now on`,
    `old: ${host.fingerprint}, pinned ${host.keyDays} days ago by ${host.pinnedBy}`,
    `new: ${fingerprint}`,
    'a key that changed without a new installation is an intrusion until somebody has shown that it is none',
  ],

  execute: async (host, { fingerprint }, { db }) => {
    await repinHost(db, host, fingerprint);
    return { summary: `pinned another key for ${host.name}`, old: { fingerprint: host.fingerprint }, new: { fingerprint } };
  },

  waysBack: (host, { note }) => [
    { action: 'hosts.repin', input: { id: String(host.id), fingerprint: host.fingerprint, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
