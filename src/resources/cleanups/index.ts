import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type Binding, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { cleanupPage, partsOf, whyNotClean, type CleanupPart, type CleanupRow, type CleanupStatus } from './queries.ts';

const tones: Readonly<Record<CleanupStatus, Tone>> = { estimated: 'info', running: 'info', done: 'good', stopped: 'warn' };

const shortDay = (at: Date | null): string => at?.toISOString().slice(0, 10) ?? '-';
const count = (value: bigint): string => value.toLocaleString('en');
const lasting = (seconds: number | null): string =>
  seconds === null ? '-' : seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

const partWords = ({ what, rows, removed, oldest, newest, boundary }: CleanupPart): string =>
  rows === 0n
    ? `${what}: none before ${shortDay(boundary)}`
    : `${what}: ${count(rows)} from ${shortDay(oldest)} to ${shortDay(newest)}, all before ${shortDay(boundary)}; ${count(removed)} removed`;

/** What was found comes first. */
const partSection = (parts: readonly CleanupPart[]): DetailSection => ({
  title: 'Parts',
  lines: parts.toSorted((a, b) => Number(b.rows > 0n) - Number(a.rows > 0n)).map(part => [part.policy, partWords(part)]),
});

const archives = (parts: readonly CleanupPart[]): readonly DetailSection[] => {
  const lines = parts.flatMap(({ archive, archiveSha256 }): readonly DetailLine[] =>
    archive === null ? [] : [['File', archive], ['SHA-256', archiveSha256 ?? '-']],
  ); // prettier-ignore
  return lines.length === 0 ? [] : [{ title: 'Archived', lines }];
};

const general = (action: string): Binding<undefined> => ({ action, inputFrom: () => ({}), whyNot: () => undefined });

export const cleanups = defineResource<CleanupRow, readonly CleanupPart[]>({
  id: 'cleanups',
  title: 'Cleanups',
  entity: 'cleanup',
  aliases: ['cleanup'],
  empty: [
    'Nothing is here yet.',
    'x e counts what each policy would remove, and removes nothing; :policies says what is kept for how long.',
  ],
  permission: 'cleanup.read',
  page: cleanupPage,
  since: 'counted',
  whenEmpty: 'x e counts what would go, before anything does',
  nameOf: ({ id }) => `#${id}`,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: cleanup => String(cleanup.id) },
    { title: 'Policy', width: 16, cell: cleanup => cleanup.policy },
    { title: 'Status', width: 9, cell: cleanup => cleanup.status, tone: cleanup => tones[cleanup.status] },
    { title: 'Counted', width: 11, align: 'right', cell: cleanup => count(cleanup.rows) },
    { title: 'Removed', width: 11, align: 'right', cell: cleanup => count(cleanup.removed) },
    {
      title: 'Octets',
      width: 14,
      align: 'right',
      priority: 2,
      cell: cleanup => count(cleanup.removedBytes > 0n ? cleanup.removedBytes : cleanup.bytes),
    },
    { title: 'Took', width: 11, align: 'right', cell: cleanup => lasting(cleanup.seconds) },
    {
      title: 'When',
      width: 11,
      sort: 'counted',
      cell: cleanup => formatShortInstant(cleanup.estimatedAt),
      value: cleanup => isoInstant(cleanup.estimatedAt),
    },
    { title: 'By', width: 'fill', cell: cleanup => cleanup.askedBy ?? '-' },
    { title: 'Host', width: 10, priority: 2, cell: cleanup => cleanup.host },
  ],

  relate: (db, cleanup) => partsOf(db, cleanup.id),
  detail: (cleanup, parts) => [
    {
      title: `Cleanup ${cleanup.id}`,
      lines: [
        ['Policy', cleanup.policy],
        ['Status', cleanup.status, tones[cleanup.status]],
        ['Counted', `${count(cleanup.rows)}, ${count(cleanup.bytes)} octets, ${formatInstant(cleanup.estimatedAt)} on ${cleanup.host}`],
        ['Removed', `${count(cleanup.removed)}, ${count(cleanup.removedBytes)} octets`],
        ['Took', lasting(cleanup.seconds)],
        ...(cleanup.run === null
          ? []
          : [['Run', `#${cleanup.run}${cleanup.askedBy === null ? '' : ` by ${cleanup.askedBy}`}`] satisfies DetailLine]),
        ...(cleanup.eyes === 2 && cleanup.status === 'estimated' ? [['Takes', 'two people', 'warn'] satisfies DetailLine] : []),
        ...(cleanup.why === null ? [] : [['Why', cleanup.why, 'warn'] satisfies DetailLine]),
      ],
    },
    partSection(parts),
    ...archives(parts),
  ],

  actions: { c: { action: 'runbooks.cleanup', inputFrom: ({ id }) => ({ id: String(id) }), whyNot: whyNotClean } },
  general: {
    e: general('runbooks.cleanup-estimate'),
    f: general('runbooks.full-cleanup'),
    v: general('runbooks.vacuum'),
    s: general('runbooks.statistics'),
    i: general('runbooks.unused-indexes'),
    o: general('runbooks.orphans'),
    d: general('runbooks.remove-orphans'),
  },
  open: ({ run }) => (run === null ? undefined : { resource: 'runs', filter: `id=${run}` }),
  jumps: {},
});
