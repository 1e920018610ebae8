import { whyNotApprove, whyNotClose, whyNotFreeze, whyNotReject, whyNotUnfreeze } from '../../domain/account.ts';
import { alertsInWords, gradeTone, ruleName } from '../../domain/alert.ts';
import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { usageInShort, whyNotOverride, type LimitUse } from '../../domain/limit.ts';
import { formatAmount, formatMoney } from '../../domain/money.ts';
import type { OpeningCheck } from '../../domain/opening-check.ts';
import { defineResource, on, type DetailSection } from '../../kit/define-resource.ts';
import {
  accountPage,
  flagsOf,
  holdsOf,
  recentPostings,
  recentRefusals,
  type AccountRow,
  type FlagLine,
  type Hold,
  type RefusalLine,
  type StatementLine,
} from './queries.ts';
import { alertsOfAccount, type AlertLine } from '../alerts/queries.ts';
import { limitUse } from '../limits/queries.ts';
import { checksOf, checksTable } from './opening.ts';

const tones = { pending: 'info', active: 'good', frozen: 'warn', closed: 'dim', rejected: 'dim' } as const;

type Related = {
  readonly holds: readonly Hold[];
  readonly alerts: readonly AlertLine[];
  readonly flags: readonly FlagLine[];
  readonly limits: readonly LimitUse[];
  readonly postings: readonly StatementLine[];
  readonly refusals: readonly RefusalLine[];
  /** Computed for an application only. */
  readonly checks: readonly OpeningCheck[];
};

const holdSection = (holds: readonly Hold[]): readonly DetailSection[] =>
  holds.length === 0
    ? []
    : [
        {
          title: 'Holds',
          lines: holds.map(hold => [
            formatShortInstant(hold.placedAt),
            `${hold.ground} by ${hold.placedBy}, ${hold.releasedAt ? 'released' : `review ${hold.reviewOn.toISOString().slice(0, 10)}`}: ${hold.note}`,
            hold.releasedAt ? 'dim' : 'warn',
          ]),
        },
      ];

const alertSection = (alerts: readonly AlertLine[]): readonly DetailSection[] =>
  alerts.length === 0
    ? []
    : [
        {
          title: 'Alerts',
          lines: alerts.map(alert => [
            `#${alert.id}`,
            `${formatShortInstant(alert.lastHitAt)} ${ruleName(alert)}, score ${alert.score}: ${alert.outcome ?? alert.status}`,
            alert.outcome === null ? gradeTone(alert.score) : 'dim',
          ]),
        },
      ];

const flagSection = (flags: readonly FlagLine[]): readonly DetailSection[] =>
  flags.length === 0
    ? []
    : [
        {
          title: 'Flagged transactions',
          lines: flags.map(flag => [
            `#${flag.transactionId}`,
            `${formatShortInstant(flag.flaggedAt)} by ${flag.flaggedBy}${flag.clearedAt ? ', cleared' : ''}: ${flag.note}`,
            flag.clearedAt ? 'dim' : 'warn',
          ]),
        },
      ];

const refusalSection = (refusals: readonly RefusalLine[]): readonly DetailSection[] =>
  refusals.length === 0
    ? []
    : [
        {
          title: 'Refused postings',
          lines: refusals.map(refusal => [
            formatShortInstant(refusal.refusedAt),
            `${refusal.type} ${formatMoney(refusal.amount, refusal.currency)}: ${refusal.message}`,
          ]),
        },
      ];

const detail = (account: AccountRow, { holds, alerts, flags, limits, postings, refusals, checks }: Related): readonly DetailSection[] => [
  {
    title: 'Account',
    lines: [
      ['Number', account.number],
      ['Owner', `${account.ownerName} (${account.username})`],
      ['Type', account.type],
      ['Status', account.status, tones[account.status]],
      ['Balance', formatMoney(account.balance, account.currency)],
      ['Opened', formatInstant(account.openedAt)],
      ['Activated', formatInstant(account.activatedAt)],
      ...(account.closedAt ? [['Closed', formatInstant(account.closedAt)] as const] : []),
    ],
  },
  ...(checks.length > 0 ? [checksTable(checks)] : []),
  ...holdSection(holds),
  ...alertSection(alerts),
  ...flagSection(flags),
  {
    title: 'Limits today',
    lines: limits.map(limit => [limit.type, usageInShort(limit, account.currency)]),
  },
  {
    title: 'Last postings',
    table: {
      columns: ['Posted', 'Type', 'Amount', 'What'],
      rows: postings.map(line => [
        formatShortInstant(line.postedAt),
        line.type,
        `${line.credit ? '+' : '-'}${formatAmount(line.amount, account.currency)}`,
        line.description,
      ]),
    },
  },
  ...refusalSection(refusals),
];

export const accounts = defineResource<AccountRow, Related>({
  id: 'accounts',
  title: 'Accounts',
  entity: 'account',
  aliases: ['account', 'acc'],
  permission: 'account.read',
  page: accountPage,
  since: 'opened',
  nameField: 'number',
  // Whoever talks to customers must not be able to warn them
  veil: (account, may) => (may('alert.read') ? account : { ...account, openAlerts: 0, topScore: 0, openCases: 0 }),
  nameOf: account => account.number,

  columns: [
    { title: 'Number', width: 12, sort: 'number', cell: account => account.number },
    { title: 'Owner', width: 'fill', cell: account => account.ownerName },
    { title: 'Type', width: 7, priority: 2, cell: account => account.type },
    { title: 'Balance', width: 16, align: 'right', sort: 'balance', cell: account => formatMoney(account.balance, account.currency) },
    { title: 'Status', width: 8, cell: account => account.status, tone: account => tones[account.status] },
    { title: 'Alerts', width: 7, cell: alertsInWords, tone: account => (account.openAlerts === 0 ? 'dim' : gradeTone(account.topScore)) },
    {
      title: 'Opened',
      width: 11,
      sort: 'opened',
      priority: 2,
      cell: account => formatShortInstant(account.openedAt),
      value: account => isoInstant(account.openedAt),
    },
    {
      title: 'Changed',
      width: 11,
      sort: 'changed',
      priority: 3,
      cell: account => formatShortInstant(account.changedAt),
      value: account => isoInstant(account.changedAt),
    },
    { title: 'Username', width: 16, priority: 3, cell: account => account.username },
  ],

  relate: async (db, account) => {
    const [holds, alerts, flags, limits, postings, refusals, checks] = await Promise.all([
      holdsOf(db, account.id),
      // For whoever may not know of them there are none
      account.openAlerts > 0 ? alertsOfAccount(db, account.id) : [],
      flagsOf(db, account.id, 5),
      limitUse(db, account.id),
      recentPostings(db, account.id, 8),
      recentRefusals(db, account.id, 5),
      account.status === 'pending' ? checksOf(db, account.ownerId) : [],
    ]);
    return { holds, alerts, flags, limits, postings, refusals, checks };
  },
  detail,

  actions: {
    a: on('accounts.approve', whyNotApprove),
    r: on('accounts.reject', whyNotReject),
    f: on('accounts.freeze', whyNotFreeze),
    u: on('accounts.unfreeze', whyNotUnfreeze),
    c: on('accounts.close', whyNotClose),
    i: on('accounts.link-incident'),
    l: on('accounts.override-limit', whyNotOverride),
    e: on('accounts.end-override'),
  },
  jumps: {
    u: account => ({ resource: 'users', filter: `username=${account.username}` }),
    t: account => ({ resource: 'transactions', filter: `account=${account.number}` }),
    l: account => ({ resource: 'audit', filter: `entity=account record=${account.id}` }),
  },
});
