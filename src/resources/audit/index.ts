import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type DetailLine, type DetailSection, type Jump } from '../../kit/define-resource.ts';
import { auditPage, sealOf, type AuditRow, type Change, type Seal } from './queries.ts';

const tones = { success: 'good', failure: 'bad', partial: 'warn', refused: 'warn' } as const;

const recordOf = (row: AuditRow): string => row.entityLabel ?? row.entityId;

const optional = (label: string, value: string | null): readonly DetailLine[] => (value === null ? [] : [[label, value]]);

const comparison = (changes: readonly Change[]): readonly DetailSection[] =>
  changes.length === 0
    ? []
    : [
        {
          title: 'Old and new',
          table: { columns: ['Field', 'Old', 'New'], rows: changes.map(({ key, before, after }) => [key, before ?? '-', after ?? '-']) },
        },
      ];

const detail = (row: AuditRow, seal: Seal): readonly DetailSection[] => [
  {
    title: 'What was done',
    lines: [
      ['Row', String(row.id)],
      ['At', formatInstant(row.at)],
      ['Operator', row.operator ?? 'nobody signed in'],
      ['Action', `${row.action} (${row.verb})`],
      ['Record', `${row.entity} ${recordOf(row)}${row.entityLabel === null ? '' : `, id ${row.entityId}`}`],
      ['Outcome', row.outcome, tones[row.outcome]],
      ...optional('Reason', row.reason),
      ...optional('Note', row.note),
      ...optional('Error', row.error),
    ],
  },
  ...comparison(seal.changes),
  {
    title: 'From where',
    lines: [
      ['IP address', row.ip ?? '-'],
      ['Client', row.client ?? '-'],
      ...optional('Session', seal.sessionId),
      ...optional('Request', row.requestId),
      ...optional('Approval', seal.approvalId),
      ...optional('Correlation', row.correlationId),
      ['Database role', seal.dbRole],
    ],
  },
  {
    title: 'Seal',
    lines: [
      ['Content', seal.intact ? 'as it was sealed' : 'NOT as it was sealed: run audit verify', seal.intact ? 'good' : 'bad'],
      ['Hash', seal.hash],
      ['Row before', seal.prev],
    ],
  },
];

/** The record itself, where it is of that kind and has an id: a creation that was refused has none. */
const toRecord =
  (entity: string, resource: string) =>
  (row: AuditRow): Jump | undefined =>
    row.entity === entity && /^\d+$/.test(row.entityId) ? { resource, filter: `id=${row.entityId}` } : undefined;

export const audit = defineResource<AuditRow, Seal>({
  id: 'audit',
  title: 'Audit',
  entity: 'audit',
  aliases: ['log'],
  permission: 'audit.read',
  page: auditPage,
  since: 'time',
  recorded: true,
  nameOf: row => `row ${row.id}`,

  columns: [
    { title: 'Row', width: 8, align: 'right', sort: 'seq', priority: 2, cell: row => String(row.id) },
    { title: 'At', width: 11, sort: 'time', cell: row => formatShortInstant(row.at), value: row => isoInstant(row.at) },
    { title: 'Operator', width: 8, cell: row => row.operator ?? '-' },
    { title: 'Action', width: 23, cell: row => row.action },
    { title: 'Record', width: 'fill', cell: row => `${row.entity} ${recordOf(row)}` },
    { title: 'Outcome', width: 8, cell: row => row.outcome, tone: row => tones[row.outcome] },
    { title: 'Reason', width: 20, priority: 2, cell: row => row.reason ?? '-' },
    { title: 'Note', width: 30, priority: 3, cell: row => row.note ?? row.error ?? '-' },
    { title: 'Verb', width: 8, priority: 3, cell: row => row.verb },
    { title: 'IP address', width: 15, priority: 3, cell: row => row.ip ?? '-' },
  ],

  relate: (db, row) => sealOf(db, row.id),
  detail,

  actions: {},
  jumps: {
    u: toRecord('user', 'users'),
    a: toRecord('account', 'accounts'),
    t: toRecord('transaction', 'transactions'),
    l: row => ({ resource: 'audit', filter: `entity=${row.entity} record="${row.entityId}"` }),
    T: row => {
      const id = row.correlationId ?? row.requestId;
      return id === null ? undefined : { resource: 'trace', filter: `correlation=${id}` };
    },
  },
});
