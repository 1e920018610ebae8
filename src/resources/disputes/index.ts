import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { nextStep, whyNotDecide, whyNotInvestigate, whyNotReopen } from '../../domain/dispute.ts';
import type { DisputeEvidence } from '../../domain/dispute-evidence.ts';
import { formatMoney } from '../../domain/money.ts';
import { defineResource, on, type DetailLine, type DetailSection } from '../../kit/define-resource.ts';
import { evidenceSections } from './evidence.ts';
import { disputePage, evidenceOf, type DisputeRow } from './queries.ts';

const tones = { received: 'bad', investigating: 'warn', upheld: 'good', denied: 'dim' } as const;

const decisionLines = ({ decidedAt, decidedBy, finding }: DisputeRow): readonly DetailLine[] =>
  decidedAt === null
    ? []
    : [
        ['Decided', `${formatInstant(decidedAt)} by ${decidedBy ?? '-'}`],
        ['Finding', finding ?? '-'],
      ];

const detail = (dispute: DisputeRow, evidence: DisputeEvidence | undefined): readonly DetailSection[] => [
  {
    title: 'Dispute',
    lines: [
      ['Number', String(dispute.id)],
      ['Status', dispute.status, tones[dispute.status]],
      ['Next', nextStep(dispute), 'info'],
      ['Kind', dispute.kind],
      ['Says', dispute.statement],
      ['Received', `${formatInstant(dispute.receivedAt)} by ${dispute.receivedBy}`],
      ...decisionLines(dispute),
    ],
  },
  {
    title: 'Transaction',
    lines: [
      ['Id', String(dispute.transactionId)],
      ['Amount', formatMoney(dispute.amount, dispute.currency)],
      ['Posted', formatInstant(dispute.postedAt)],
      ['Account', `${dispute.accountNumber} of ${dispute.ownerName} (${dispute.username})`],
      ...(dispute.reversedBy === null ? [] : [['Reversed by', `transaction ${dispute.reversedBy}`, 'info'] as const]),
    ],
  },
  ...(evidence ? evidenceSections(evidence, dispute.gatheredAt) : []),
];

/** It is done to the transaction that is disputed. */
const whyNotReverse = (dispute: DisputeRow): string | undefined => {
  if (dispute.reversedBy !== null) return `transaction ${dispute.transactionId} was reversed already by transaction ${dispute.reversedBy}`;
  return dispute.status === 'upheld' ? undefined : `dispute ${dispute.id} is ${dispute.status}, not upheld`;
};

export const disputes = defineResource<DisputeRow, DisputeEvidence | undefined>({
  id: 'disputes',
  title: 'Disputes',
  entity: 'dispute',
  aliases: ['dispute'],
  permission: 'dispute.read',
  page: disputePage,
  since: 'received',
  personal: true,
  nameOf: dispute => `#${dispute.id}`,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: dispute => String(dispute.id) },
    {
      title: 'Received',
      width: 11,
      sort: 'received',
      cell: dispute => formatShortInstant(dispute.receivedAt),
      value: dispute => isoInstant(dispute.receivedAt),
    },
    { title: 'Status', width: 13, cell: dispute => dispute.status, tone: dispute => tones[dispute.status] },
    { title: 'Kind', width: 14, cell: dispute => dispute.kind },
    { title: 'Account', width: 12, priority: 2, cell: dispute => dispute.accountNumber },
    { title: 'Owner', width: 'fill', cell: dispute => dispute.ownerName },
    { title: 'Amount', width: 14, align: 'right', cell: dispute => formatMoney(dispute.amount, dispute.currency) },
    { title: 'Transaction', width: 11, align: 'right', priority: 2, cell: dispute => String(dispute.transactionId) },
    { title: 'Reversed', width: 9, align: 'right', priority: 3, cell: dispute => (dispute.reversedBy === null ? '' : String(dispute.reversedBy)) },
    { title: 'By', width: 12, priority: 3, cell: dispute => dispute.receivedBy },
  ],

  relate: (db, dispute) => evidenceOf(db, dispute.id),
  detail,

  actions: {
    i: on('disputes.investigate', whyNotInvestigate),
    d: on('disputes.decide', whyNotDecide),
    o: on('disputes.reopen', whyNotReopen),
    v: {
      action: 'transactions.reverse',
      single: true,
      called: dispute => `transaction ${dispute.transactionId}`,
      inputFrom: dispute => ({ id: String(dispute.transactionId), ground: 'dispute upheld', note: `dispute ${dispute.id}: ${dispute.finding ?? 'upheld'}`.slice(0, 2_000) }),
      whyNot: whyNotReverse,
    },
  },
  general: { n: { action: 'disputes.receive', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    u: dispute => ({ resource: 'users', filter: `username=${dispute.username}` }),
    a: dispute => ({ resource: 'accounts', filter: `number=${dispute.accountNumber}` }),
    t: dispute => ({ resource: 'transactions', filter: `id=${dispute.transactionId}` }),
    l: dispute => ({ resource: 'audit', filter: `entity=dispute record=${dispute.id}` }),
  },
}); // prettier-ignore
