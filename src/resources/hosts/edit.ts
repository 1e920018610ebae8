import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { hostEnvironments, HostTags } from '../../domain/remote-host.ts';
import { defineAction } from '../../kit/define-action.ts';
import { editHost } from './queries.ts';
import { hostFor, HostId, hostTarget, whyNotInUse } from './target.ts';

export const editHostAction = defineAction({
  id: 'hosts.edit',
  title: 'Edit host',
  past: 'edited',
  permission: 'host.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'host',
  input: z.object({ id: HostId, environment: z.enum(hostEnvironments), tags: HostTags, note: Note }),

  gather: ({ id }, context) => hostFor(id, context, whyNotInUse),
  target: hostTarget,
  preview: (host, { environment, tags }) => [
    `${host.name}: ${host.environment} becomes ${environment}`,
    `tags: ${host.tags.join(', ') || 'none'} becomes ${tags.join(', ') || 'none'}`,
    'its address, account and key stay',
  ],

  execute: async (host, { environment, tags }, { db }) => {
    await editHost(db, host, { environment, tags });
    return {
      summary: `edited ${host.name}`,
      old: { environment: host.environment, tags: host.tags.join(', ') },
      new: { environment, tags: tags.join(', ') },
    };
  },

  waysBack: (host, { note }) => [
    {
      action: 'hosts.edit',
      input: { id: String(host.id), environment: host.environment, tags: host.tags.join(', '), note: `undone: ${note}`.slice(0, 2_000) },
    },
  ],
});
