import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { digestLines, digestTables, ShiftDigest } from '../../domain/shift-digest.ts';
import { defineResource, on, type DetailSection } from '../../kit/define-resource.ts';
import { whyNotAccept } from './accept.ts';
import { handoverPage, type HandoverRow } from './queries.ts';

const digestSections = (row: HandoverRow): readonly DetailSection[] => {
  const digest = ShiftDigest.parse(row.digest);
  return [
    { title: 'How everything stood', lines: digestLines(digest) },
    ...digestTables(digest).map(({ title, columns, rows }) => ({ title, table: { columns, rows } })),
  ];
};

export const handovers = defineResource<HandoverRow, undefined>({
  id: 'handovers',
  title: 'Handovers',
  entity: 'handover',
  aliases: ['handover'],
  permission: 'daily.read',
  page: handoverPage,
  since: 'written',
  nameOf: handover => `#${handover.id}`,

  columns: [
    { title: 'No', width: 6, align: 'right', cell: handover => String(handover.id) },
    {
      title: 'Written',
      width: 11,
      sort: 'written',
      cell: handover => formatShortInstant(handover.writtenAt),
      value: handover => isoInstant(handover.writtenAt),
    },
    { title: 'By', width: 10, cell: handover => handover.writtenBy },
    { title: 'For the next shift', width: 'fill', cell: handover => handover.text },
    {
      title: 'Accepted',
      width: 10,
      cell: handover => handover.acceptedBy ?? 'waiting',
      tone: handover => (handover.acceptedBy === null ? 'info' : 'good'),
    },
    {
      title: 'At',
      width: 11,
      priority: 2,
      cell: handover => formatShortInstant(handover.acceptedAt),
      value: handover => isoInstant(handover.acceptedAt),
    },
  ],

  relate: async () => undefined,
  detail: handover => [
    {
      title: `Handover #${handover.id}`,
      lines: [
        ['Written', `${formatInstant(handover.writtenAt)} by ${handover.writtenBy}`],
        ['Text', handover.text],
        handover.acceptedAt
          ? ['Accepted', `${formatInstant(handover.acceptedAt)} by ${handover.acceptedBy}: ${handover.acceptNote}`, 'good']
          : ['Accepted', 'waits for the next shift', 'info'],
      ],
    },
    ...digestSections(handover),
  ],

  actions: { a: on('handovers.accept', whyNotAccept) },
  general: { n: { action: 'handovers.write', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: { l: handover => ({ resource: 'audit', filter: `entity=handover record=${handover.id}` }) },
});
