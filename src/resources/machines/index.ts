import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { keyEnds, machinePrefix, standingOf } from '../../domain/machine.ts';
import { defineResource, on, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { permissionsOf } from '../operators/queries.ts';
import { keysOf, machinePage, type MachineKey, type MachineRow } from './queries.ts';
import { whyNotInUse } from './target.ts';

const tones: Readonly<Record<ReturnType<typeof standingOf>, Tone>> = { active: 'good', 'ends soon': 'warn', ended: 'bad', revoked: 'dim' };
const toneOf = (machine: MachineRow): Tone => tones[standingOf(machine)];

const usedFrom = ({ usedAt, usedFrom: address }: MachineRow): string =>
  usedAt === null ? 'never' : (address ?? 'the machine of the database');

type Related = { readonly keys: readonly MachineKey[]; readonly permissions: readonly string[] };

const ended = ({ endedAt, endedBy }: MachineKey): string => (endedAt ? `${formatShortInstant(endedAt)} by ${endedBy ?? '-'}` : '-');

const detail = (machine: MachineRow, { keys, permissions }: Related): readonly DetailSection[] => [
  {
    title: 'Machine',
    lines: [
      ['Name', `${machine.name}, in the audit log ${machinePrefix}${machine.name}`],
      ['Where', machine.place],
      ['Only from', machine.networks.length === 0 ? 'anywhere' : machine.networks.join(', ')],
      ['Status', standingOf(machine), toneOf(machine)],
      ['Added', `${formatInstant(machine.addedAt)} by ${machine.addedBy ?? '-'}`],
      ['Last use', machine.usedAt === null ? 'never' : `${formatInstant(machine.usedAt)} from ${usedFrom(machine)}`],
      ['Sessions', String(machine.sessions)],
    ],
  },
  {
    title: 'Key',
    lines: [
      ['Fingerprint', machine.fingerprint ?? 'none'],
      ['Stands', machine.validUntil ? keyEnds(machine.validUntil, machine.now) : '-', toneOf(machine)],
    ],
  },
  { title: 'May', lines: [['Permissions', permissions.join(', ')]] },
  {
    title: 'Keys, now and before',
    table: {
      columns: ['Fingerprint', 'Approved', 'Asked for by', 'Until', 'Ended'],
      rows: keys.map(key => [
        key.fingerprint.slice(0, 20),
        formatShortInstant(key.approvedAt),
        key.askedBy,
        formatShortInstant(key.validUntil),
        ended(key),
      ]),
    },
  },
];

export const machines = defineResource<MachineRow, Related>({
  id: 'machines',
  title: 'Machines',
  entity: 'machine',
  aliases: ['machine'],
  empty: [
    'Nothing is here yet.',
    'A machine does what is planned while nobody has signed in. "bursar machines enrol NAME" on its host makes its key, x n adds it here with the fingerprint.',
  ],
  permission: 'machine.read',
  page: machinePage,
  since: 'added',
  nameField: 'name',
  nameOf: machine => machine.name,

  columns: [
    { title: 'Name', width: 14, sort: 'name', cell: machine => machine.name },
    { title: 'Status', width: 9, cell: standingOf, tone: toneOf },
    {
      title: 'Key until',
      width: 11,
      cell: machine => formatShortInstant(machine.validUntil),
      value: machine => isoInstant(machine.validUntil),
      tone: toneOf,
    },
    { title: 'Last use', width: 11, cell: machine => formatShortInstant(machine.usedAt), value: machine => isoInstant(machine.usedAt) },
    { title: 'Used from', width: 15, priority: 2, cell: machine => (machine.usedAt === null ? '-' : (machine.usedFrom ?? 'the database')) },
    { title: 'Where', width: 'fill', cell: machine => machine.place },
    { title: 'Fingerprint', width: 50, priority: 3, cell: machine => machine.fingerprint ?? '-' },
    {
      title: 'Added',
      width: 11,
      sort: 'added',
      priority: 3,
      cell: machine => formatShortInstant(machine.addedAt),
      value: machine => isoInstant(machine.addedAt),
    },
  ],

  relate: async (db, machine) => {
    const [keys, permissions] = await Promise.all([keysOf(db, machine.id), permissionsOf(db, machine.id)]);
    return { keys, permissions };
  },
  detail,

  actions: { k: on('machines.rotate', whyNotInUse), r: on('machines.revoke', whyNotInUse) },
  general: { n: { action: 'machines.add', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: { l: machine => ({ resource: 'audit', filter: `operator=${machinePrefix}${machine.name}` }) },
});
