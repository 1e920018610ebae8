import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { formatValue } from '../../domain/health.ts';
import { defineResource, type Tone } from '../../kit/define-resource.ts';
import { tablePage, type TableRow } from './queries.ts';

const size = (octets: bigint): string => formatValue('bytes', Number(octets));
const count = (value: bigint): string => value.toLocaleString('en');
const deadTone = ({ dead, deadPercent }: TableRow): Tone =>
  dead < 10_000n ? 'plain' : deadPercent >= 40 ? 'bad' : deadPercent >= 20 ? 'warn' : 'plain';

/** Tables with their size, and what vacuum left to do. */
export const tables = defineResource<TableRow, undefined>({
  id: 'tables',
  title: 'Tables',
  entity: 'health',
  aliases: ['table', 'table-sizes'],
  nested: true,
  permission: 'health.read',
  page: tablePage,
  nameField: 'name',
  nameOf: row => row.name,

  columns: [
    { title: 'Table', width: 'fill', sort: 'name', cell: row => row.name },
    { title: 'Size', width: 8, align: 'right', sort: 'bytes', cell: row => size(row.bytes), value: row => String(row.bytes) },
    { title: 'Indexes', width: 8, align: 'right', cell: row => size(row.indexBytes), value: row => String(row.indexBytes) },
    { title: 'Rows', width: 12, align: 'right', sort: 'live', cell: row => `~${count(row.live)}`, value: row => String(row.live) },
    { title: 'Dead', width: 10, align: 'right', sort: 'dead', cell: row => count(row.dead), tone: deadTone },
    { title: 'Dead %', width: 6, align: 'right', cell: row => formatValue('percent', row.deadPercent), tone: deadTone },
    { title: 'Vacuumed', width: 11, priority: 2, cell: row => formatShortInstant(row.vacuumedAt), value: row => isoInstant(row.vacuumedAt) },
    { title: 'Analyzed', width: 11, priority: 2, cell: row => formatShortInstant(row.analyzedAt), value: row => isoInstant(row.analyzedAt) },
    { title: 'Read whole', width: 10, align: 'right', priority: 3, cell: row => count(row.sequential) },
    { title: 'By index', width: 12, align: 'right', priority: 3, cell: row => count(row.byIndex) },
    { title: 'Age', width: 12, align: 'right', sort: 'age', priority: 3, cell: row => count(row.age) },
  ], // prettier-ignore

  relate: async () => undefined,
  detail: row => [
    {
      title: 'Table',
      lines: [
        ['Name', row.name],
        ['Size', `${size(row.bytes)}: ${size(row.tableBytes)} rows, ${size(row.indexBytes)} indexes`],
        ['Rows', `~${count(row.live)}`],
        ['Dead', `${count(row.dead)}, ${formatValue('percent', row.deadPercent)}`, deadTone(row)],
        ['Vacuumed', row.vacuumedAt ? formatInstant(row.vacuumedAt) : 'never since the statistics began'],
        ['Analyzed', row.analyzedAt ? formatInstant(row.analyzedAt) : 'never since the statistics began'],
        ['Read', `${count(row.sequential)} times whole, ${count(row.byIndex)} times by an index`],
        ['Age', `${count(row.age)} transactions since its oldest row was frozen`],
      ],
    },
  ],
  actions: {},
  jumps: {},
});
