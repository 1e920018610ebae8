import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { hostStateWords } from '../../domain/remote-host.ts';
import { defineResource, on, type DetailLine, type Tone } from '../../kit/define-resource.ts';
import { hostPage, type HostRow } from './queries.ts';
import { placeOf, whyNotInUse, whyNotRestore } from './target.ts';

const toneOf = ({ state, retiredAt }: HostRow): Tone => {
  if (retiredAt !== null || state === 'not asked') return 'dim';
  return state === 'up' ? 'good' : 'bad';
};
const stateOf = ({ state, retiredAt }: HostRow): string => (retiredAt === null ? state : 'retired');

export const hosts = defineResource<HostRow, undefined>({
  id: 'hosts',
  title: 'Hosts',
  entity: 'host',
  aliases: ['host'],
  empty: ['Nothing is here yet.', 'x n adds a host: its key is shown and pinned first. Runs, backups and health of hosts come after that.'],
  permission: 'host.read',
  page: hostPage,
  since: 'added',
  nameField: 'name',
  nameOf: host => host.name,

  columns: [
    { title: 'Name', width: 18, sort: 'name', cell: host => host.name },
    { title: 'State', width: 11, cell: stateOf, tone: toneOf },
    { title: 'Where', width: 'fill', cell: placeOf },
    { title: 'Kind', width: 10, cell: host => host.environment },
    { title: 'Answers', width: 8, align: 'right', cell: host => (host.latencyMs === null ? '-' : `${host.latencyMs} ms`) },
    { title: 'Key', width: 6, align: 'right', cell: host => `${host.keyDays} d` },
    { title: 'Asked', width: 11, cell: host => formatShortInstant(host.askedAt), value: host => isoInstant(host.askedAt) },
    { title: 'Tags', width: 18, priority: 2, cell: host => host.tags.join(', ') },
    {
      title: 'Added',
      width: 11,
      sort: 'added',
      priority: 3,
      cell: host => formatShortInstant(host.addedAt),
      value: host => isoInstant(host.addedAt),
    },
  ],

  relate: async () => undefined,
  detail: host => [
    {
      title: 'Host',
      lines: [
        ['Name', host.name],
        ['Where', placeOf(host)],
        ['Kind', host.environment],
        ['Tags', host.tags.join(', ') || '-'],
        ['Added', `${formatInstant(host.addedAt)} by ${host.addedBy}`],
        ...(host.retiredAt ? [['Retired', formatInstant(host.retiredAt), 'dim'] satisfies DetailLine] : []),
      ],
    },
    {
      title: 'Key',
      lines: [
        ['Fingerprint', host.fingerprint],
        ['Pinned', `${formatInstant(host.pinnedAt)} by ${host.pinnedBy}, ${host.keyDays} days ago`],
      ],
    },
    {
      title: 'Connection',
      lines: [
        ['State', hostStateWords[host.state], toneOf(host)],
        ...(host.detail ? [['Said', host.detail] satisfies DetailLine] : []),
        ['Asked', host.askedAt ? formatInstant(host.askedAt) : 'never; bursar hosts ask does it'],
        ['Last up', host.upAt ? formatInstant(host.upAt) : 'never'],
        ['Answered in', host.latencyMs === null ? '-' : `${host.latencyMs} ms, key and sign-in included`],
      ],
    },
  ],

  actions: {
    e: {
      action: 'hosts.edit',
      inputFrom: host => ({ id: String(host.id), environment: host.environment, tags: host.tags.join(', ') }),
      whyNot: whyNotInUse,
    },
    p: on('hosts.repin', whyNotInUse),
    r: on('hosts.retire', whyNotInUse),
    b: on('hosts.restore', whyNotRestore),
  },
  hostOf: host => (host.retiredAt === null ? host.name : undefined),
  general: { n: { action: 'hosts.add', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: { l: host => ({ resource: 'audit', filter: `entity=host record=${host.id}` }) },
});
