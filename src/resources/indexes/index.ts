import { formatValue } from '../../domain/health.ts';
import { defineResource, type Tone } from '../../kit/define-resource.ts';
import { indexPage, type IndexRow } from './queries.ts';

const size = (octets: bigint): string => formatValue('bytes', Number(octets));
const tones = { invalid: 'bad', unused: 'warn', enforces: 'dim', used: 'plain' } as const satisfies Readonly<Record<string, Tone>>;
const stateOf = ({ scans, enforces, isValid }: IndexRow): keyof typeof tones => {
  if (!isValid) return 'invalid';
  return scans > 0n ? 'used' : enforces ? 'enforces' : 'unused';
};
const toneOf = (row: IndexRow): Tone => tones[stateOf(row)];

/** Indexes with how often they were used. */
export const indexes = defineResource<IndexRow, undefined>({
  id: 'indexes',
  title: 'Indexes',
  entity: 'health',
  aliases: ['index'],
  nested: true,
  permission: 'health.read',
  page: indexPage,
  start: 'unused=yes',
  nameField: 'name',
  nameOf: row => row.name,

  columns: [
    { title: 'Index', width: 'fill', sort: 'name', cell: row => row.name },
    { title: 'Table', width: 26, cell: row => row.onTable },
    { title: 'Size', width: 8, align: 'right', sort: 'bytes', cell: row => size(row.bytes), value: row => String(row.bytes) },
    { title: 'Scans', width: 10, align: 'right', sort: 'scans', cell: row => row.scans.toLocaleString('en') },
    { title: 'Use', width: 8, cell: stateOf, tone: toneOf },
    { title: 'Definition', width: 60, priority: 3, cell: row => row.definition },
  ], // prettier-ignore

  relate: async () => undefined,
  detail: row => [
    {
      title: 'Index',
      lines: [
        ['Name', row.name],
        ['Table', row.onTable],
        ['Size', size(row.bytes)],
        ['Scans', `${row.scans.toLocaleString('en')} since the statistics began`],
        ['Use', row.enforces ? `${stateOf(row)}; a key or a rule stands on it: it stays` : stateOf(row), toneOf(row)],
        ['Definition', row.definition],
      ],
    },
  ],
  actions: {},
  jumps: {},
});
