import { whyNotFreeze, type AccountStatus } from '../../domain/account.ts';
import {
  ageInWords,
  gradeOf,
  gradeTone,
  ruleName,
  whyNotClaim,
  whyNotDecide,
  whyNotRelease,
  whyNotReopen,
  whyNotSnooze,
  whyNotUnsnooze,
} from '../../domain/alert.ts';
import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type Binding, type DetailLine, type DetailSection } from '../../kit/define-resource.ts';
import type { Keyed } from '../../domain/page.ts';
import { flowSection, transactionSection } from '../../domain/transaction-evidence.ts';
import { holdsOf, type Hold } from '../accounts/queries.ts';
import { hitTable, readEvidence, seenSections, type Evidence } from './evidence.ts';
import { alertPage, alertsOfAccount, type AlertLine, type AlertRow, type Hit } from './queries.ts';

const tones = { open: 'warn', 'in review': 'info', dismissed: 'dim', escalated: 'bad' } as const;

type Related = { readonly evidence: Evidence; readonly others: readonly AlertLine[]; readonly holds: readonly Hold[] };

/** Binds an action with a note to begin with: what is said of taking an alert is mostly the same. */
const on = (action: string, whyNot: (alert: AlertRow) => string | undefined, note?: string): Binding<AlertRow & Keyed> => ({
  action,
  inputFrom: alert => ({ id: String(alert.id), ...(note === undefined ? {} : { note }) }),
  whyNot,
});

const statusInWords = ({ status, claimedBy, askedBy, outcome, caseId }: AlertRow): string => {
  if (status === 'in review') return `in review by ${claimedBy}${askedBy === null ? '' : '; a decision waits for a second person'}`;
  if (status === 'dismissed') return `dismissed as ${outcome}`;
  return status === 'escalated' ? `escalated to case ${caseId}${outcome === null ? '' : `, ${outcome}`}` : status;
};

const alertLines = (alert: AlertRow, [newest]: readonly Hit[]): readonly DetailLine[] => [
  ['Number', String(alert.id)],
  ['Rule', newest ? `${ruleName(alert)}, version ${newest.ruleVersion}, ${newest.score} points` : ruleName(alert)],
  ['Account', `${alert.account} of ${alert.owner} (${alert.username}), ${alert.accountStatus}`],
  ['Score', `${alert.score} ${gradeOf(alert.score)}${alert.score >= 80 ? ': asks for a hold' : ''}`, gradeTone(alert.score)],
  ['Status', statusInWords(alert), tones[alert.status]],
  ...(alert.snoozedUntil ? [['Snoozed', `until ${formatInstant(alert.snoozedUntil)}`, 'info'] as const] : []),
  ['Opened', formatInstant(alert.openedAt)],
  ['Last hit', `${formatInstant(alert.lastHitAt)}, ${alert.hits} in all`],
  ...(alert.claimedAt ? [['Claimed', `${formatInstant(alert.claimedAt)} by ${alert.claimedBy}`] as const] : []),
  ...(alert.decidedAt ? [['Decided', `${formatInstant(alert.decidedAt)} by ${alert.decidedBy}`] as const] : []),
];

const otherSection = (others: readonly AlertLine[]): readonly DetailSection[] =>
  others.length === 0
    ? []
    : [
        {
          title: 'Other alerts of this account',
          lines: others.map(other => [
            `#${other.id}`,
            `${formatShortInstant(other.lastHitAt)} ${ruleName(other)}, score ${other.score}: ${other.outcome ?? other.status}`,
            tones[other.status],
          ]),
        },
      ];

const holdSection = (holds: readonly Hold[]): readonly DetailSection[] =>
  holds.length === 0
    ? []
    : [
        {
          title: 'Holds of this account',
          lines: holds.map(hold => [
            formatShortInstant(hold.placedAt),
            `${hold.ground} by ${hold.placedBy}${hold.releasedAt ? ', released' : ''}: ${hold.note}`,
            hold.releasedAt ? 'dim' : 'warn',
          ]),
        },
      ];

export const alerts = defineResource<AlertRow, Related>({
  id: 'alerts',
  title: 'Alerts',
  entity: 'alert',
  aliases: ['alert'],
  permission: 'alert.read',
  page: alertPage,
  since: 'hit',
  personal: true,
  nameOf: alert => `#${alert.id}`,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: alert => String(alert.id) },
    {
      title: 'Score',
      width: 8,
      sort: 'score',
      cell: alert => `${alert.score} ${gradeOf(alert.score)}`,
      tone: alert => gradeTone(alert.score),
    },
    { title: 'Rule', width: 4, cell: alert => `R${alert.rule}` },
    { title: 'Account', width: 12, cell: alert => alert.account },
    { title: 'What was seen', width: 'fill', cell: alert => alert.words },
    {
      title: 'Status',
      width: 9,
      cell: alert => (alert.snoozedUntil && alert.status === 'open' ? 'snoozed' : alert.status),
      value: alert => alert.status,
      tone: alert => tones[alert.status],
    },
    { title: 'Age', width: 4, align: 'right', priority: 2, cell: alert => ageInWords(alert.age), value: alert => String(alert.age) },
    { title: 'By', width: 12, priority: 2, cell: alert => (alert.status === 'in review' ? alert.claimedBy : alert.decidedBy) ?? '-' },
    { title: 'Hits', width: 4, align: 'right', priority: 3, cell: alert => String(alert.hits) },
    {
      title: 'Last hit',
      width: 11,
      sort: 'hit',
      priority: 2,
      cell: alert => formatShortInstant(alert.lastHitAt),
      value: alert => isoInstant(alert.lastHitAt),
    },
    { title: 'Owner', width: 20, priority: 2, cell: alert => alert.owner },
    {
      title: 'Opened',
      width: 11,
      sort: 'opened',
      priority: 3,
      cell: alert => formatShortInstant(alert.openedAt),
      value: alert => isoInstant(alert.openedAt),
    },
    { title: 'Outcome', width: 14, priority: 3, cell: alert => alert.outcome ?? '-' },
    { title: 'Case', width: 5, align: 'right', priority: 3, cell: alert => (alert.caseId === null ? '-' : String(alert.caseId)) },
  ],

  relate: async (db, alert) => {
    const [evidence, others, holds] = await Promise.all([
      readEvidence(db, alert),
      alertsOfAccount(db, alert.accountId, alert.id),
      holdsOf(db, alert.accountId),
    ]);
    return { evidence, others, holds };
  },
  detail: (alert, { evidence, others, holds }) => [
    { title: 'Alert', lines: alertLines(alert, evidence.hits) },
    ...flowSection(alert, evidence.transactions),
    ...seenSections(evidence),
    ...transactionSection(alert, evidence.transactions),
    hitTable(evidence),
    ...otherSection(others),
    ...holdSection(holds),
  ],

  actions: {
    c: on('alerts.claim', whyNotClaim, 'taken to look into it'),
    r: on('alerts.release', whyNotRelease, 'given back for others'),
    d: on('alerts.dismiss', whyNotDecide),
    e: on('alerts.escalate', whyNotDecide),
    s: on('alerts.snooze', whyNotSnooze),
    w: on('alerts.unsnooze', whyNotUnsnooze),
    o: on('alerts.reopen', whyNotReopen),
    h: {
      action: 'accounts.freeze',
      single: true,
      inputFrom: alert => ({
        id: String(alert.accountId),
        ground: 'suspicious pattern',
        note: `alert ${alert.id}: ${alert.words}`.slice(0, 2_000),
      }),
      whyNot: alert => whyNotFreeze({ number: alert.account, status: alert.accountStatus as AccountStatus, balance: 0n }),
    },
  },
  general: { n: { action: 'alerts.claim-next', inputFrom: () => ({ note: 'next in the queue' }), whyNot: () => undefined } },
  jumps: {
    u: alert => ({ resource: 'users', filter: `username=${alert.username}` }),
    a: alert => ({ resource: 'accounts', filter: `number=${alert.account}` }),
    t: alert => ({ resource: 'transactions', filter: `account=${alert.account}` }),
    l: alert => ({ resource: 'audit', filter: `entity=alert record=${alert.id}` }),
  },
});
