import { whyNotFreeze, type AccountStatus } from '../../domain/account.ts';
import { ageInWords, gradeOf, gradeTone, ruleName } from '../../domain/alert.ts';
import { whyNotAdd, whyNotCloseCase, whyNotResume, whyNotSuspend, whyNotTake } from '../../domain/case-file.ts';
import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { flowSection, transactionSection, type HitTransaction } from '../../domain/transaction-evidence.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Jump } from '../../kit/define-resource.ts';
import { holdsOf, type Hold } from '../accounts/queries.ts';
import { transactionsOf } from '../alerts/queries.ts';
import { alertsOfCase, casePage, linksOf, timelineOf, type Act, type CaseAlert, type CaseLink, type CaseRow } from './queries.ts';

const tones = {
  open: 'warn', investigating: 'info', suspended: 'dim', 'pending approval': 'warn', confirmed: 'bad', refuted: 'good', inconclusive: 'dim',
} as const; // prettier-ignore

type Related = {
  readonly alerts: readonly CaseAlert[];
  readonly transactions: readonly HitTransaction[];
  readonly links: readonly CaseLink[];
  readonly holds: readonly Hold[];
  readonly acts: readonly Act[];
};

const caseLines = (found: CaseRow): readonly DetailLine[] => [
  ['Number', String(found.id)],
  ['Title', found.title],
  ['Account', found.account === null ? 'none' : `${found.account} of ${found.owner} (${found.username}), ${found.accountStatus}`],
  ['Score', `${found.score} ${gradeOf(found.score)}`, gradeTone(found.score)],
  ['Status', found.status, tones[found.status]],
  ['Opened', `${formatInstant(found.openedAt)} by ${found.openedBy}`],
  ['Assigned to', found.assignedTo ?? 'nobody yet'],
  ...(found.incidentId === null ? [] : [['Incident', `#${found.incidentId}`] as const]),
  ...(found.finding === null ? [] : [['Found', found.finding, tones[found.status]] as const]),
  ['Report', `bursar cases report ${found.id}`],
];

const table = (title: string, lines: readonly DetailLine[]): readonly DetailSection[] => (lines.length === 0 ? [] : [{ title, lines }]);

const moneyOf = ({ accountId, account, currency }: CaseRow, transactions: readonly HitTransaction[]): readonly DetailSection[] => {
  if (accountId === null || account === null) return [];
  const seat = { accountId, account, currency };
  return [...flowSection(seat, transactions), ...transactionSection(seat, transactions)];
};

const detail = (found: CaseRow, { alerts, transactions, links, holds, acts }: Related): readonly DetailSection[] => [
  { title: 'Case', lines: caseLines(found) },
  ...table(
    'Alerts',
    alerts.map(alert => [
      `#${alert.id}`,
      `${formatShortInstant(alert.lastHitAt)} ${ruleName(alert)}, score ${alert.score}: ${alert.words}${alert.outcome === null ? '' : ` (${alert.outcome})`}`,
    ]),
  ),
  ...moneyOf(found, transactions),
  ...table(
    'Linked records',
    links.map(link => [link.entity, `${link.label ?? `#${link.entityId}`}, by ${link.by} ${formatShortInstant(link.at)}`]),
  ),
  ...table(
    'Holds of its account',
    holds.map(hold => [
      formatShortInstant(hold.placedAt),
      `${hold.ground} by ${hold.placedBy}${hold.releasedAt ? ', released' : ''}: ${hold.note}`,
      hold.releasedAt ? 'dim' : 'warn',
    ]),
  ),
  ...table(
    'Timeline',
    acts.map(({ at, operator, action, note }) => [
      formatShortInstant(at),
      `${operator ?? '-'} ${action}${note === null ? '' : `: ${note}`}`,
    ]),
  ),
];

const toAccount =
  (resource: string, field: string) =>
  ({ account }: CaseRow): Jump | undefined =>
    account === null ? undefined : { resource, filter: `${field}=${account}` };

export const cases = defineResource<CaseRow, Related>({
  id: 'cases',
  title: 'Cases',
  entity: 'case',
  aliases: ['case'],
  permission: 'case.read',
  page: casePage,
  since: 'opened',
  personal: true,
  nameOf: found => `#${found.id}`,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: found => String(found.id) },
    {
      title: 'Score',
      width: 8,
      sort: 'score',
      cell: found => `${found.score} ${gradeOf(found.score)}`,
      tone: found => gradeTone(found.score),
    },
    { title: 'Title', width: 'fill', cell: found => found.title },
    { title: 'Status', width: 16, cell: found => found.status, tone: found => tones[found.status] },
    { title: 'Assigned', width: 9, cell: found => found.assignedTo ?? '-' },
    { title: 'Age', width: 4, align: 'right', cell: found => ageInWords(found.age), value: found => String(found.age) },
    { title: 'Account', width: 12, priority: 2, cell: found => found.account ?? '-' },
    { title: 'Alerts', width: 6, align: 'right', priority: 2, cell: found => String(found.alerts) },
    {
      title: 'Opened',
      width: 11,
      sort: 'opened',
      priority: 2,
      cell: found => formatShortInstant(found.openedAt),
      value: found => isoInstant(found.openedAt),
    },
    { title: 'By', width: 9, priority: 3, cell: found => found.openedBy },
    { title: 'Owner', width: 20, priority: 3, cell: found => found.owner ?? '-' },
  ],

  relate: async (db, found) => {
    const alerts = await alertsOfCase(db, found.id);
    const [transactions, links, holds, acts] = await Promise.all([
      transactionsOf(
        db,
        alerts.map(({ id }) => id),
      ),
      linksOf(db, found.id),
      found.accountId === null ? [] : holdsOf(db, found.accountId),
      timelineOf(db, found),
    ]);
    return { alerts, transactions, links, holds, acts };
  },
  detail,

  actions: {
    t: on('cases.take', whyNotTake),
    s: on('cases.suspend', whyNotSuspend),
    r: on('cases.resume', whyNotResume),
    l: on('cases.link', whyNotAdd),
    c: on('cases.close', whyNotCloseCase),
    h: {
      action: 'accounts.freeze',
      single: true,
      inputFrom: found => ({
        id: String(found.accountId ?? '-'),
        ground: 'suspicious pattern',
        note: `case ${found.id}: ${found.title}`.slice(0, 2_000),
      }),
      whyNot: found =>
        found.account === null
          ? `case ${found.id} is about no account`
          : whyNotFreeze({ number: found.account, status: found.accountStatus as AccountStatus, balance: 0n }),
    },
  },
  general: { n: { action: 'cases.open', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    u: found => (found.username === null ? undefined : { resource: 'users', filter: `username=${found.username}` }),
    a: toAccount('accounts', 'number'),
    t: toAccount('transactions', 'account'),
    l: found => ({ resource: 'audit', filter: `entity=case record=${found.id}` }),
  },
});
