import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailLine, type DetailSection } from '../../kit/define-resource.ts';
import { deedsIn, othersOf, sessionPage, type Deed, type OtherSession, type SessionRow } from './queries.ts';
import { nameOfSession, whyNotEnd, whyNotEndOperator } from './target.ts';

const tones = { open: 'good', locked: 'warn', expired: 'dim', ended: 'dim' } as const;

type Related = { readonly deeds: readonly Deed[]; readonly others: readonly OtherSession[] };

const lines = (session: SessionRow): readonly DetailLine[] => [
  [session.kind === 'user' ? 'User' : 'Operator', session.who],
  ['State', session.state, tones[session.state]],
  ['Device', session.client],
  ['IP address', session.ip ?? 'this machine'],
  ['Started', formatInstant(session.startedAt)],
  ['Last seen', formatInstant(session.lastSeenAt)],
  ...(session.expiresAt ? [['Ends by', formatInstant(session.expiresAt)] as const] : []),
  ...(session.endedAt ? [['Ended', `${formatInstant(session.endedAt)}${session.endedBy ? ` by ${session.endedBy}` : ''}`] as const] : []),
];

const detail = (session: SessionRow, { deeds, others }: Related): readonly DetailSection[] => [
  { title: 'Session', lines: lines(session) },
  ...(others.length === 0
    ? []
    : [
        {
          title: 'Other open sessions',
          table: {
            columns: ['Device', 'IP address', 'Since', 'Last seen'],
            rows: others.map(other => [
              other.client,
              other.ip ?? '-',
              formatShortInstant(other.startedAt),
              formatShortInstant(other.lastSeenAt),
            ]),
          },
        },
      ]),
  ...(deeds.length === 0
    ? []
    : [
        {
          title: 'Done in it',
          lines: deeds.map(({ at, action, label, outcome }): DetailLine => [formatShortInstant(at), `${action} ${label ?? ''} ${outcome}`]),
        },
      ]),
];

export const sessions = defineResource<SessionRow, Related>({
  id: 'sessions',
  title: 'Sessions',
  entity: 'session',
  aliases: ['session'],
  permission: 'session.read',
  page: sessionPage,
  since: 'started',
  personal: true,
  nameOf: nameOfSession,

  columns: [
    { title: 'No', width: 7, align: 'right', priority: 3, cell: session => String(session.id) },
    { title: 'Kind', width: 8, cell: session => session.kind },
    { title: 'Who', width: 20, cell: session => session.who },
    { title: 'Device', width: 'fill', cell: session => session.client },
    { title: 'IP address', width: 15, cell: session => session.ip ?? '-' },
    {
      title: 'Started',
      width: 11,
      sort: 'started',
      priority: 2,
      cell: session => formatShortInstant(session.startedAt),
      value: session => isoInstant(session.startedAt),
    },
    {
      title: 'Last seen',
      width: 11,
      sort: 'seen',
      priority: 2,
      cell: session => formatShortInstant(session.lastSeenAt),
      value: session => isoInstant(session.lastSeenAt),
    },
    { title: 'State', width: 7, cell: session => session.state, tone: session => tones[session.state] },
  ],

  relate: async (db, session) => {
    const [deeds, others] = await Promise.all([deedsIn(db, session), othersOf(db, session)]);
    return { deeds, others };
  },
  detail,

  actions: { e: on('sessions.end', whyNotEnd), o: on('sessions.end-operator', whyNotEndOperator) },
  jumps: {
    u: session => (session.kind === 'user' ? { resource: 'users', filter: `id=${session.whoId}` } : undefined),
    l: session =>
      session.kind === 'user'
        ? { resource: 'audit', filter: `entity=session record=${session.id}` }
        : { resource: 'audit', filter: `operator=${session.who}` },
  },
});
