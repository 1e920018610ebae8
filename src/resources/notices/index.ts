import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { hideSecret } from '../../domain/notice.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Jump } from '../../kit/define-resource.ts';
import { bodyOf, noticePage, type NoticeRow } from './queries.ts';
import { whyNotCancel, whyNotRetry } from './target.ts';

const tones = { waiting: 'info', sending: 'info', sent: 'good', failed: 'warn', dead: 'bad', kept: 'dim', cancelled: 'dim' } as const;

/** Whether anybody will still try. */
const isOpen = ({ status }: NoticeRow): boolean => status === 'waiting' || status === 'sending' || status === 'failed';

const nextAttempt = (notice: NoticeRow): Date | null => (isOpen(notice) ? notice.dueAt : null);

const optional = (label: string, value: string | null | undefined): readonly DetailLine[] => (value ? [[label, value]] : []);

const delivery = (notice: NoticeRow): readonly DetailLine[] => [
  ['Status', notice.status, tones[notice.status]],
  ['Channel', `${notice.channel} to ${notice.recipient}`],
  [
    'Attempts',
    notice.forgiven === 0 ? String(notice.attempts) : `${notice.attempts}, ${notice.forgiven} of them before it was tried again`,
  ],
  ...(isOpen(notice) ? [[notice.status === 'sending' ? 'Leased until' : 'Next attempt', formatInstant(notice.dueAt)] as const] : []),
  ...optional('Tried by', notice.claimedBy && `the console of ${notice.claimedBy}`),
  ...optional('Last error', notice.lastError),
  ...optional('Sent', notice.sentAt && formatInstant(notice.sentAt)),
  ...optional('Answer', notice.detail),
];

const detail = (notice: NoticeRow, body: string): readonly DetailSection[] => [
  {
    title: 'Notice',
    lines: [
      ['Number', String(notice.id)],
      ['Template', notice.template],
      ['About', `${notice.aboutEntity} ${notice.aboutId}`],
      ['Made', `${formatInstant(notice.createdAt)} by an action of ${notice.createdBy}`],
      ...optional('Secret', notice.secretExpiresAt && `a link or code, valid until ${formatInstant(notice.secretExpiresAt)}`),
      ['Id', notice.uuid],
    ],
  },
  { title: 'Delivery', lines: delivery(notice) },
  {
    title: notice.subject,
    lines: hideSecret(body)
      .trimEnd()
      .split('\n')
      .map((line): DetailLine => ['', line]),
  },
];

const panes: Readonly<Record<string, string>> = { user: 'users', operator: 'operators', account: 'accounts', transaction: 'transactions' };

const toRecord =
  (...entities: readonly string[]) =>
  ({ aboutEntity, aboutId }: NoticeRow): Jump | undefined => {
    const resource = entities.includes(aboutEntity) ? panes[aboutEntity] : undefined;
    return resource === undefined ? undefined : { resource, filter: `id=${aboutId}` };
  };

export const notices = defineResource<NoticeRow, string>({
  id: 'notices',
  title: 'Notices',
  entity: 'notice',
  aliases: ['notice', 'outbox'],
  permission: 'notice.read',
  page: noticePage,
  since: 'created',
  personal: true,
  nameOf: notice => `notice ${notice.id}`,

  columns: [
    { title: 'No', width: 6, align: 'right', cell: notice => String(notice.id) },
    { title: 'Template', width: 16, cell: notice => notice.template },
    { title: 'To', width: 'fill', cell: notice => notice.recipient },
    { title: 'Status', width: 9, cell: notice => notice.status, tone: notice => tones[notice.status] },
    { title: 'About', width: 14, cell: notice => `${notice.aboutEntity} ${notice.aboutId}` },
    { title: 'Tries', width: 5, align: 'right', cell: notice => String(notice.attempts) },
    {
      title: 'Made',
      width: 11,
      sort: 'created',
      cell: notice => formatShortInstant(notice.createdAt),
      value: notice => isoInstant(notice.createdAt),
    },
    {
      title: 'Next try',
      width: 11,
      priority: 2,
      cell: notice => formatShortInstant(nextAttempt(notice)),
      value: notice => isoInstant(nextAttempt(notice)),
    },
    { title: 'Last error', width: 36, priority: 2, cell: notice => notice.lastError ?? '-' },
    { title: 'Subject', width: 36, priority: 3, cell: notice => notice.subject },
    { title: 'Channel', width: 7, priority: 3, cell: notice => notice.channel },
  ],

  relate: (db, notice) => bodyOf(db, notice.id),
  detail,

  actions: { t: on('notices.retry', whyNotRetry), c: on('notices.cancel', whyNotCancel) },
  jumps: {
    u: toRecord('user', 'operator'),
    a: toRecord('account'),
    t: toRecord('transaction'),
    l: notice => ({ resource: 'audit', filter: notice.requestId }),
    T: notice => ({ resource: 'trace', filter: `correlation=${notice.requestId}` }),
  },
});
