import type { Db } from '../../database/client.ts';
import { flag, meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf, type PageQuery } from '../../database/page.ts';
import {
  alarmOf,
  backupLimits,
  backupSorts,
  backupStatuses,
  type BackupAlarm,
  type BackupSort,
  type BackupStatus,
} from '../../domain/backup.ts';
import type { Keyed } from '../../domain/page.ts';
import { readJudge } from '../health/queries.ts';
import { drillWords } from '../restores/queries.ts';

export type BackupRow = Keyed & {
  readonly name: string;
  readonly sort: BackupSort;
  readonly host: string;
  readonly status: BackupStatus;
  readonly pinned: boolean;
  readonly takenAt: Date;
  readonly hours: number;
  readonly octets: bigint | null;
  readonly previousOctets: bigint | null;
  readonly encrypted: boolean | null;
  readonly copied: boolean | null;
  readonly seconds: number | null;
  readonly run: bigint | null;
  readonly takenBy: string | null;
  readonly checkedAt: Date | null;
  /** What is wrong with the one on its host; of a verified one, that its copy alone is whole, and where. */
  readonly fault: string | null;
  /** Of the copy on the other disk or host; null where there should be none, or nobody has looked. */
  readonly copyStatus: 'verified' | 'corrupt' | 'missing' | null;
  readonly copyCheckedAt: Date | null;
  readonly copyFault: string | null;
  readonly expiredAt: Date | null;
  /** The newest whole one of the database: what is wrong with it is wrong with all. */
  readonly newest: boolean;
  readonly at: Date;
  /** The thresholds of health, by which it is told. */
  readonly oldAfterHours: number;
  readonly leastPercent: number;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly version: number;
};

const threshold = (key: string): string => `(SELECT (x.value #>> '{}')::float8 FROM platform.setting x WHERE x.key = '${key}')`;
const newest = `(SELECT n.id FROM ops.backup n WHERE n.sort = 'database' AND n.status = 'verified' ORDER BY n.taken_at DESC, n.id DESC LIMIT 1)`;

const stored = pageOf<BackupRow>({
  table: 'ops.backup',
  select: `t.name, t.sort, h.name AS host, t.status, t.pinned, t.taken_at AS "takenAt", (extract(epoch FROM clock_timestamp() - t.taken_at) / 3600)::float8 AS hours, t.octets,
    t.previous_octets AS "previousOctets", t.encrypted, t.copied, t.seconds, r.number AS run, q.name AS "takenBy", t.checked_at AS "checkedAt", t.fault, t.copy_status AS "copyStatus", t.copy_checked_at AS "copyCheckedAt", t.copy_fault AS "copyFault", t.expired_at AS "expiredAt",
    coalesce(t.id = ${newest}, false) AS newest, clock_timestamp() AS at,
    ${threshold('health.backup.wrong')} AS "oldAfterHours", ${threshold('health.backup-size.wrong')} AS "leastPercent", t.manifest, t.version`,
  joins: 'JOIN ops.host h ON h.id = t.host_id LEFT JOIN ops.run r ON r.id = t.run_id LEFT JOIN ops.operator q ON q.id = r.queued_by',
  defaultSort: { field: 'taken', descending: true },
  fields: {
    text: text('t.name', { exact: ['t.name LIKE {contains}'] }),
    id: number('t.id'),
    name: text('t.name'),
    host: text('h.name'),
    sort: oneOf('t.sort', backupSorts),
    status: oneOf('t.status', backupStatuses),
    there: meaning({ yes: `t.status IN ('verified', 'corrupt')`, no: `t.status NOT IN ('verified', 'corrupt')` }),
    pinned: flag('t.pinned'),
    copy: meaning({
      bad: `t.copy_status IN ('corrupt', 'missing')`,
      whole: `t.copy_status = 'verified'`,
      only: `t.status = 'verified' AND t.fault IS NOT NULL`,
      none: 't.copy_status IS NULL',
    }),
    taken: time('t.taken_at', { sortable: true }),
  },
});

export const backupPage: PageQuery<BackupRow> = {
  ...stored,
  count: async (db, terms) => {
    const [count, words] = await Promise.all([stored.count(db, terms), drillWords(db)]);
    return { ...count, words };
  },
};

export type BackupDay = { readonly day: string; readonly whole: number; readonly corrupt: number };

/** The last thirty days, the oldest first: how many backups of that sort each has left on that host. */
export const daysOfBackups = (db: Db, { host, sort }: Pick<BackupRow, 'host' | 'sort'>): Promise<readonly BackupDay[]> =>
  db.$queryRaw<BackupDay[]>`
    SELECT to_char(d.day, 'YYYY-MM-DD') AS day, count(b.id) FILTER (WHERE b.status = 'verified')::int AS whole, count(b.id) FILTER (WHERE b.status = 'corrupt')::int AS corrupt
      FROM generate_series(date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') - interval '29 days', date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC'), interval '1 day') AS d (day)
      LEFT JOIN (ops.backup b JOIN ops.host h ON h.id = b.host_id AND h.name = ${host})
        ON b.sort = ${sort} AND b.taken_at AT TIME ZONE 'UTC' >= d.day AND b.taken_at AT TIME ZONE 'UTC' < d.day + interval '1 day'
     GROUP BY d.day ORDER BY d.day`;

export type BackupAlert = {
  readonly alarm: BackupAlarm;
  readonly id: bigint | null;
  readonly name: string | null;
  readonly host: string | null;
  readonly takenAt: Date | null;
  readonly octets: bigint | null;
  readonly previousOctets: bigint | null;
};

/** How the newest whole backup of the database stands: too old, much smaller than the one before, or missing. */
export const newestBackup = async (db: Db): Promise<BackupAlert> => {
  const judge = await readJudge(db);
  const [row] = await db.$queryRaw<(Omit<BackupAlert, 'alarm' | 'takenAt'> & { readonly takenAt: Date; readonly now: Date })[]>`
    SELECT b.id, b.name, h.name AS host, b.taken_at AS "takenAt", b.octets, b.previous_octets AS "previousOctets", clock_timestamp() AS now
      FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.sort = 'database' AND b.status = 'verified' ORDER BY b.taken_at DESC, b.id DESC LIMIT 1`;
  if (!row) return { alarm: 'none', id: null, name: null, host: null, takenAt: null, octets: null, previousOctets: null };
  const { now, ...found } = row;
  return { ...found, alarm: alarmOf(found, now, backupLimits(judge)) };
};
