import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { whyNotAcknowledge, whyNotBlock, whyNotLockIts, whyNotUser, whyNotWalk } from '../../domain/security-event.ts';
import { sparkline } from '../../domain/sparkline.ts';
import { defineResource, on, type DetailSection, type Jump } from '../../kit/define-resource.ts';
import { failedLogins } from '../overview/queries.ts';
import { behindEvent, perHourOf, securityPage, type Behind, type SecurityRow } from './queries.ts';
import { nextSteps, quoted } from './steps.ts';

const levels = { info: 'info', warning: 'warn', critical: 'bad' } as const;
const statuses = { open: 'warn', again: 'bad', acknowledged: 'dim', noted: 'dim' } as const;
const topSources = 5;

type Sources = Awaited<ReturnType<typeof failedLogins>>;
type Related = { readonly behind: readonly Behind[]; readonly hours: readonly number[]; readonly sources: Sources };

const eventSection = (event: SecurityRow): DetailSection => ({
  title: `#${event.id} ${event.kind}`,
  lines: [
    ['What', event.summary],
    ['Level', event.level, levels[event.level]],
    ['Source', event.source],
    [
      'Seen',
      event.count === 1
        ? `once, ${formatInstant(event.lastAt)}`
        : `${event.count} times, ${formatInstant(event.firstAt)} to ${formatInstant(event.lastAt)}`,
    ],
    ...(event.username === null ? [] : [['User', `${event.username}, ${event.userStatus ?? '-'}`] as const]),
    ...(event.operator === null ? [] : [['Operator', event.operator] as const]),
    ['Status', event.status, statuses[event.status]],
    ...(event.acknowledgedBy === null
      ? []
      : [['Acknowledged', `${formatInstant(event.acknowledgedAt)} by ${event.acknowledgedBy}: ${event.acknowledgeNote ?? ''}`] as const]),
  ],
});

const hourSection = (hours: readonly number[]): DetailSection => {
  const most = Math.max(...hours);
  const ago = hours.length - 1 - hours.indexOf(most);
  return {
    title: 'By hour, last 24 h',
    lines: [
      ['', sparkline(hours)],
      [
        '',
        most === 0 ? 'none' : `${hours.reduce((sum, n) => sum + n, 0)} in all, most ${most}, ${ago === 0 ? 'this hour' : `${ago} h ago`}`,
      ],
    ],
  };
};

const sourceSection = (sources: Sources): readonly DetailSection[] => {
  const of = (by: 'ip' | 'username') => sources.filter(source => source.by === by).slice(0, topSources);
  const [ips, names] = [of('ip'), of('username')];
  if (ips.length === 0) return [];
  return [
    {
      title: 'Top sources of failures, 24 h',
      table: {
        columns: ['Address', 'Failed', 'Username', 'Times'],
        rows: ips.map(({ name, count }, index) => [name, String(count), names[index]?.name ?? '', String(names[index]?.count ?? '')]),
      },
    },
  ];
};

const detail = (event: SecurityRow, { behind, hours, sources }: Related): readonly DetailSection[] => [
  eventSection(event),
  { title: 'What to do', lines: nextSteps(event) },
  hourSection(hours),
  {
    title: 'The events behind it',
    lines: behind.map(({ at, what, who, from }) => [formatShortInstant(at), `${what} ${who} from ${from}`]),
  },
  ...sourceSection(sources),
];

const toUser = ({ userId, operator }: SecurityRow): Jump | undefined => {
  if (userId !== null) return { resource: 'users', filter: `id=${userId}` };
  return operator === null ? undefined : { resource: 'operators', filter: `name=${operator}` };
};

const toSignIns = ({ kind, name, ip, username, hours }: SecurityRow): Jump | undefined => {
  const who = name ?? username;
  if (who !== null && kind !== 'brute force') return { resource: 'sign-ins', filter: `user=${quoted(who)} since=${hours + 1}h` };
  return ip === null ? undefined : { resource: 'sign-ins', filter: `ip=${ip} since=${hours + 1}h` };
};

const toLog = ({ userId, operator, summary, hours }: SecurityRow): Jump | undefined => {
  if (operator !== null) return { resource: 'audit', filter: `operator=${operator} since=${hours + 1}h` };
  if (summary.includes('this console')) return { resource: 'audit', filter: `action=sessions.open outcome=refused since=${hours + 1}h` };
  return userId === null ? undefined : { resource: 'audit', filter: `entity=user record=${userId}` };
};

const flowFrom = (event: SecurityRow): Readonly<Record<string, string>> => ({
  flow: event.userId === null ? 'developer-misuse' : 'unauthorised-access',
  about: event.username ?? event.operator ?? '',
  event: String(event.id),
});

const ofUser = (event: SecurityRow) => ({ id: String(event.userId ?? '') });

export const security = defineResource<SecurityRow, Related>({
  id: 'security',
  title: 'Security events',
  entity: 'security-event',
  aliases: ['security-events', 'sec'],
  permission: 'security.read',
  page: securityPage,
  since: 'last',
  empty: [
    'Nothing happened that asks for anybody.',
    'Events are counted every minute while a console runs; bursar security gather counts at once.',
  ],
  nameOf: event => `#${event.id}`,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: event => String(event.id) },
    { title: 'Level', width: 8, cell: event => event.level, tone: event => levels[event.level] },
    { title: 'Kind', width: 18, priority: 3, cell: event => event.kind },
    { title: 'What', width: 'fill', cell: event => event.summary },
    { title: 'Source', width: 15, priority: 3, cell: event => event.source },
    { title: 'Count', width: 5, align: 'right', priority: 2, cell: event => String(event.count) },
    {
      title: 'Last seen',
      width: 11,
      sort: 'last',
      cell: event => formatShortInstant(event.lastAt),
      value: event => isoInstant(event.lastAt),
    },
    { title: 'Status', width: 12, cell: event => event.status, tone: event => statuses[event.status] },
    { title: 'By', width: 8, priority: 2, cell: event => event.acknowledgedBy ?? '-' },
  ],

  stream: event => ({ at: event.lastAt, text: `${event.kind}: ${event.summary}`, tone: levels[event.level] }),

  relate: async (db, event) => {
    const [behind, hours, sources] = await Promise.all([behindEvent(db, event), perHourOf(db, event), failedLogins(db)]);
    return { behind, hours, sources };
  },
  detail,
  // Where somebody works on it already; d opens the event's own detail
  open: ({ flowId }) => (flowId === null ? undefined : { resource: 'flow-steps', filter: `flow=${flowId}` }),

  actions: {
    a: on('security-events.acknowledge', whyNotAcknowledge),
    b: { action: 'ip-rules.block', single: true, inputFrom: ({ ip }) => ({ network: ip ?? '' }), whyNot: whyNotBlock },
    l: { action: 'users.lock', single: true, inputFrom: ofUser, whyNot: whyNotLockIts },
    o: { action: 'users.end-sessions', single: true, inputFrom: ofUser, whyNot: whyNotUser },
    f: { action: 'flows.begin', single: true, inputFrom: flowFrom, whyNot: whyNotWalk },
  },
  jumps: { u: toUser, t: toSignIns, l: toLog },
});
