import { alarmOf, changeOf, formatAge, formatChange, formatOctets, type BackupStatus } from '../../domain/backup.ts';
import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type Binding, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { lastDrills, plannedDrills } from '../restores/queries.ts';
import { calendar } from './calendar.ts';
import { drillSection, type Drills } from './drills.ts';
import { backupPage, daysOfBackups, type BackupDay, type BackupRow } from './queries.ts';

const tones: Readonly<Record<BackupStatus, Tone>> = { writing: 'info', written: 'info', verified: 'good', corrupt: 'bad', expired: 'dim' };

const isCopyBad = ({ copyStatus }: BackupRow): boolean => copyStatus === 'corrupt' || copyStatus === 'missing';

/** What is wrong with the one on its host, while its copy is whole. */
const isOnlyCopy = ({ status, fault }: BackupRow): boolean => status === 'verified' && fault !== null;

/** The newest one is told by what is wrong with it: there is no better one. */
const stateOf = (backup: BackupRow): string => {
  const { oldAfterHours: hours, leastPercent: percent } = backup;
  const alarm = backup.newest ? alarmOf(backup, backup.at, { hours, percent }) : 'fine';
  if (alarm !== 'fine' && alarm !== 'none') return alarm;
  if (isOnlyCopy(backup)) return 'as copy';
  return backup.status === 'verified' && isCopyBad(backup) ? 'bad copy' : backup.status;
};
const toneOf = (backup: BackupRow): Tone => (stateOf(backup) === backup.status ? tones[backup.status] : 'bad');

/** Whether there is one on the other disk or host, and when it was read last. */
const copyLine = (backup: BackupRow): DetailLine => {
  const { copyStatus, copyCheckedAt, copyFault, copied } = backup;
  if (copyStatus === null) return ['Copied away', yesOrNo(copied), copied === false ? 'warn' : 'plain'];
  if (isCopyBad(backup))
    return ['Copied away', `the copy is ${copyStatus}: ${copyFault ?? '-'}, seen ${formatInstant(copyCheckedAt)}`, 'bad'];
  return ['Copied away', `yes, the copy was read ${formatInstant(copyCheckedAt)}`];
};

const yesOrNo = (value: boolean | null): string => (value === null ? '-' : value ? 'yes' : 'no');

const figures = (manifest: BackupRow['manifest'], key: string): readonly DetailLine[] => {
  const found = manifest[key];
  return typeof found === 'object' && found !== null ? Object.entries(found).map(([name, value]) => [name, String(value)] as const) : [];
};

const manifestSections = ({ manifest }: BackupRow): readonly DetailSection[] => {
  const plain = Object.entries(manifest).flatMap(([name, value]): readonly DetailLine[] =>
    // What stands above, and what has a section of its own
    ['name', 'run'].includes(name) || typeof value === 'object' ? [] : [[name, String(value as string | number | boolean)]],
  );
  const audit = figures(manifest, 'audit').map(([name, value]) => [`audit ${name}`, value] as const);
  return [
    { title: 'Manifest', lines: [...plain, ...audit] },
    ...[['Balances', 'balances'], ['Rows', 'rows'], ['Media', 'media']].flatMap(([title = '', key = '']) => {
      const lines = figures(manifest, key);
      return lines.length === 0 ? [] : [{ title, lines }];
    }),
  ]; // prettier-ignore
};

const general = (action: string): Binding<undefined> => ({ action, inputFrom: () => ({}), whyNot: () => undefined });
const named = (action: string, whyNot: (backup: BackupRow) => string | undefined): Binding<BackupRow> => ({
  action,
  inputFrom: ({ host, name }) => ({ host, name }),
  whyNot: backup => (backup.status === 'verified' || backup.status === 'corrupt' ? whyNot(backup) : `it is ${backup.status}`),
});

type Related = { readonly days: readonly BackupDay[]; readonly drills: Drills };

/** As the name says that its run gave it. */
const isSafetyBackup = ({ name }: BackupRow): boolean => /Z-safety-/.test(name);

export const backups = defineResource<BackupRow, Related>({
  id: 'backups',
  title: 'Backups',
  entity: 'backup',
  aliases: ['backup', 'drills', 'restores'],
  empty: [
    'Nothing is here yet.',
    'x b backs the database up now, x f finds backups that lie on a host already; :schedule shows those that are planned, and x n there plans one for every night, and a drill that restores it.',
  ],
  permission: 'backup.read',
  page: backupPage,
  since: 'taken',
  nameField: 'name',
  nameOf: ({ name }) => name,

  columns: [
    {
      title: 'Taken',
      width: 11,
      sort: 'taken',
      cell: ({ takenAt }) => formatShortInstant(takenAt),
      value: ({ takenAt }) => isoInstant(takenAt),
    },
    { title: 'Age', width: 5, align: 'right', cell: ({ hours }) => formatAge(hours) },
    { title: 'Status', width: 8, cell: stateOf, tone: toneOf },
    { title: 'Size', width: 9, align: 'right', cell: ({ octets }) => formatOctets(octets), value: ({ octets }) => String(octets ?? '') },
    { title: 'Change', width: 9, align: 'right', cell: backup => formatChange(changeOf(backup)) },
    { title: 'Pinned', width: 6, cell: ({ pinned }) => (pinned ? 'pinned' : '') },
    { title: 'Of', width: 8, cell: ({ sort }) => sort },
    { title: 'Host', width: 12, cell: ({ host }) => host },
    { title: 'Name', width: 'fill', priority: 2, cell: ({ name }) => name },
    {
      title: 'Checked',
      width: 11,
      priority: 2,
      cell: ({ checkedAt }) => formatShortInstant(checkedAt),
      value: ({ checkedAt }) => isoInstant(checkedAt),
    },
  ],

  relate: async (db, backup) => {
    const [days, last, plans] = await Promise.all([daysOfBackups(db, backup), lastDrills(db, 5), plannedDrills(db)]);
    return { days, drills: { last, plans } };
  },
  detail: (backup, { days, drills }) => [
    {
      title: 'Backup',
      lines: [
        ['Name', backup.name],
        ['Of', `${backup.sort} on ${backup.host}${isSafetyBackup(backup) ? ', as it was before a restore' : ''}`],
        ['Status', stateOf(backup), toneOf(backup)],
        ...(backup.fault === null ? [] : [['Fault', backup.fault, 'bad'] satisfies DetailLine]),
        [
          'Taken',
          `${formatInstant(backup.takenAt)}, ${formatAge(backup.hours)} ago${backup.takenBy === null ? '' : ` by ${backup.takenBy}`}`,
        ],
        ['Size', `${formatOctets(backup.octets)}, ${formatChange(changeOf(backup))} against the one before`],
        ['Checked', `${formatInstant(backup.checkedAt)}, on ${backup.host}`],
        ['Encrypted', yesOrNo(backup.encrypted), backup.encrypted === false ? 'warn' : 'plain'],
        copyLine(backup),
        ['Pinned', yesOrNo(backup.pinned)],
        ...(backup.run === null ? [] : [['Run', `#${backup.run}`] satisfies DetailLine]),
        ...(backup.expiredAt === null ? [] : [['Expired', formatInstant(backup.expiredAt), 'dim'] satisfies DetailLine]),
      ],
    },
    calendar(days),
    drillSection(drills),
    ...manifestSections(backup),
  ],

  actions: {
    v: named('runbooks.verify-backup', () => undefined),
    p: named('runbooks.pin-backup', ({ pinned }) => (pinned ? 'it is pinned' : undefined)),
    r: {
      action: 'runbooks.restore',
      inputFrom: ({ host, name }) => ({ host, backup: name }),
      whyNot: ({ sort, status }) => (sort === 'files' ? 'it holds files' : status === 'verified' ? undefined : `it is ${status}`),
    },
    g: {
      action: 'runbooks.restore-files',
      inputFrom: ({ host, name }) => ({ host, name }),
      whyNot: ({ sort, status }) => (sort === 'files' ? (status === 'verified' ? undefined : `it is ${status}`) : 'it holds the database'),
    },
    u: named('runbooks.unpin-backup', ({ pinned }) => (pinned ? undefined : 'it is not pinned')),
  },
  general: {
    b: general('runbooks.backup'),
    m: general('runbooks.backup-files'),
    f: general('runbooks.list-backups'),
    d: general('runbooks.drill'),
    k: general('runbooks.restore-back'),
    o: general('runbooks.drop-old-database'),
  },
  jumps: { l: ({ run }) => (run === null ? undefined : { resource: 'audit', filter: `entity=run record=${run}` }) },
});
