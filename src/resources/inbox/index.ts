import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { partsOfLine } from '../../domain/run.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Jump } from '../../kit/define-resource.ts';
import { requestPage, sinceAsked, type RequestRow } from './queries.ts';
import { whyNotDecide, whyNotJudge } from './target.ts';

const tones = {
  pending: 'info',
  approved: 'good',
  executed: 'good',
  rejected: 'bad',
  cancelled: 'dim',
  expired: 'dim',
  failed: 'bad',
} as const;

type Happened = Awaited<ReturnType<typeof sinceAsked>>;

const optional = (label: string, value: string | null): readonly DetailLine[] => (value === null ? [] : [[label, value]]);

const decisionLines = (request: RequestRow): readonly DetailLine[] => [
  ...optional('Decided', request.decidedAt && `${formatInstant(request.decidedAt)} by ${request.decidedBy ?? 'the maker alone'}`),
  ...optional('Why', request.decisionNote),
  ...optional('Carried out', request.executedAt && formatInstant(request.executedAt)),
  ...optional('Error', request.error),
  ...(request.breakGlass
    ? [
        ['Broken glass', `in incident ${request.incident}`, 'bad'] as const,
        [
          'Verdict',
          request.verdict ? `${request.verdict} by ${request.verdictBy}: ${request.verdictNote}` : 'waits for a manager or administrator',
          'warn',
        ] as const,
      ]
    : []),
];

/** A line as the maker was shown it; a script follows its heading, word for word. */
const shownLines = (line: string, index: number): readonly DetailLine[] => {
  const { head, script } = partsOfLine(line);
  return [[String(index + 1), head], ...script.map((text): DetailLine => ['|', text])];
};

const detail = (request: RequestRow, happened: Happened): readonly DetailSection[] => [
  {
    title: 'Request',
    lines: [
      ['Number', String(request.id)],
      ['Asks for', request.action],
      ['Record', `${request.entity} ${request.label}`],
      ['Status', request.status, tones[request.status]],
      ['Made', `${formatInstant(request.madeAt)} by ${request.maker}`],
      ['Note', request.note],
      ['Expires', formatInstant(request.expiresAt)],
      ['Decided by', `whoever has ${request.checker ?? 'nobody'}, but not ${request.maker}`],
    ],
  },
  { title: 'What it does, as its maker was shown', lines: request.preview.flatMap(shownLines) },
  ...(decisionLines(request).length === 0 ? [] : [{ title: 'Decision', lines: decisionLines(request) }]),
  ...(happened.length === 0
    ? []
    : [
        {
          title: 'The record since then',
          lines: happened.map(({ at, operator, action, outcome }): DetailLine => [
            formatShortInstant(at),
            `${operator ?? '-'} ${action} ${outcome}`,
          ]),
        },
      ]),
];

const panes: Readonly<Record<string, string>> = { account: 'accounts', user: 'users', transaction: 'transactions', operator: 'operators' };
const toRecord =
  (entity: string) =>
  (request: RequestRow): Jump | undefined =>
    request.entity === entity && panes[entity] !== undefined ? { resource: panes[entity], filter: `id=${request.entityId}` } : undefined;

export const inbox = defineResource<RequestRow, Happened>({
  id: 'inbox',
  title: 'Inbox',
  entity: 'approval',
  aliases: ['requests', 'approvals', 'request', 'approval'],
  permission: 'approval.read',
  page: requestPage,
  since: 'made',
  nameOf: request => `#${request.id}`,

  columns: [
    { title: 'No', width: 6, align: 'right', cell: request => String(request.id) },
    { title: 'Asks for', width: 18, cell: request => request.action },
    { title: 'Record', width: 'fill', cell: request => request.label },
    { title: 'By', width: 9, cell: request => request.maker },
    {
      title: 'Status',
      width: 10,
      cell: request => (request.breakGlass && request.verdict === null ? 'GLASS' : request.status),
      tone: request => tones[request.status],
    },
    {
      title: 'Made',
      width: 11,
      sort: 'made',
      cell: request => formatShortInstant(request.madeAt),
      value: request => isoInstant(request.madeAt),
    },
    {
      title: 'Expires',
      width: 11,
      priority: 2,
      cell: request => formatShortInstant(request.expiresAt),
      value: request => isoInstant(request.expiresAt),
    },
    { title: 'Note', width: 30, priority: 3, cell: request => request.note },
  ],

  relate: (db, request) => sinceAsked(db, request),
  detail,

  actions: {
    a: on('approvals.approve', whyNotDecide),
    r: on('approvals.reject', whyNotDecide),
    c: on('approvals.cancel', whyNotDecide),
    b: on(
      'approvals.break-glass',
      (request: RequestRow) => whyNotDecide(request) ?? (request.mayBreakGlass ? undefined : 'the glass is never broken for this'),
    ),
    v: on('approvals.ratify', whyNotJudge),
  },
  jumps: {
    a: toRecord('account'),
    u: toRecord('user'),
    t: toRecord('transaction'),
    l: request => ({ resource: 'audit', filter: request.uuid }),
    T: request => ({ resource: 'trace', filter: `correlation=${request.uuid}` }),
  },
});
