import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { Fingerprint, HostAddress, hostEnvironments, HostName, HostPort, HostTags, HostUser } from '../../domain/remote-host.ts';
import { defineAction } from '../../kit/define-action.ts';
import { addHost, isHostNameTaken } from './queries.ts';
import { placeOf } from './target.ts';

/** Pins the key that somebody compared with what the host itself says; from then on no other is let through. */
export const addHostAction = defineAction({
  id: 'hosts.add',
  title: 'Add a host',
  past: 'added',
  permission: 'host.edit',
  eyes: 1,
  danger: 'typed',
  code: true,
  verb: 'create',
  entity: 'host',
  input: z.object({
    name: HostName,
    address: HostAddress,
    port: HostPort,
    username: HostUser.meta({ title: 'Account on the host' }),
    fingerprint: Fingerprint.meta({ title: 'Fingerprint of its key' }),
    environment: z.enum(hostEnvironments).default('production'),
    tags: HostTags,
    note: Note,
  }),

  gather: async ({ name }, { db }) =>
    (await isHostNameTaken(db, name)) ? conflict(`the name ${name} is taken`, 'names are never given twice: take another') : done({}),
  target: (_facts, { name }) => ({ id: '-', label: name, version: 0 }),
  preview: (_facts, { name, environment, tags, fingerprint, ...place }) => [
    `${name} is ${placeOf(place)}, ${environment}${tags.length === 0 ? '' : `, ${tags.join(', ')}`}`,
    `its key is ${fingerprint}: with any other nothing is sent to it`,
    'compare it with what the host itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  ],

  execute: async (_facts, { name, address, port, username, fingerprint, environment, tags }, { db }) => {
    const id = await addHost(db, { name, address, port, username, fingerprint, environment, tags });
    return {
      summary: `added ${name}`,
      target: { id: String(id), label: name, version: 0 },
      new: { name, address, port, username, fingerprint, environment, tags: tags.join(', ') },
    };
  },

  waysBack: (_facts, { note }, { target }) =>
    target ? [{ action: 'hosts.retire', input: { id: target.id, note: `added in error: ${note}`.slice(0, 2_000) } }] : [],
});
