import type { Db } from '../../database/client.ts';
import type { Reading } from '../../domain/health.ts';
import { judgeBy, type Judge } from '../../domain/health-thresholds.ts';
import { valuesOf } from '../settings/queries.ts';

/** The last measuring of one thing. */
export type SeriesRow = {
  readonly id: bigint;
  readonly measure: string;
  readonly host: string | null;
  readonly subject: string;
  readonly at: Date;
  /** By the database's clock. */
  readonly ageSeconds: number;
  readonly value: number | null;
  readonly grade: 'warn' | 'bad' | null;
  readonly words: string;
};

/** All that is measured, as it was last; hosts that are retired are left out. */
export const readSeries = (db: Db): Promise<readonly SeriesRow[]> =>
  db.$queryRaw<SeriesRow[]>`
    SELECT s.id, s.measure, h.name AS host, s.subject, s.at, greatest(0, extract(epoch FROM clock_timestamp() - s.at))::int AS "ageSeconds", s.value, s.grade, s.words
      FROM ops.health_series s LEFT JOIN ops.host h ON h.id = s.host_id WHERE h.retired_at IS NULL ORDER BY s.id`;

/** Measures as they are judged by now: their thresholds are settings. */
export const readJudge = async (db: Db): Promise<Judge> => judgeBy(await valuesOf(db, 'health'));

/** A threshold as it is set, and who set it so last. */
export type ThresholdRow = {
  readonly id: bigint;
  readonly key: string;
  readonly value: unknown;
  readonly usual: unknown;
  readonly changedAt: Date | null;
  /** Null: as it was set up. */
  readonly changedBy: string | null;
};

/** The thresholds of a measure; empty where it has none. */
export const thresholdsOf = (db: Db, measure: string): Promise<readonly ThresholdRow[]> =>
  db.$queryRaw<ThresholdRow[]>`
    SELECT s.id, s.key, s.value, s.default_value AS usual, v.changed_at AS "changedAt", o.name AS "changedBy"
      FROM platform.setting s LEFT JOIN platform.setting_version v ON v.key = s.key AND v.version = s.version LEFT JOIN ops.operator o ON o.id = v.changed_by
     WHERE s.category = 'health' AND s.key LIKE ${`health.${measure}.%`} ORDER BY s.key`;

/** The settings of all thresholds by their keys. */
export const thresholdIds = async (db: Db): Promise<ReadonlyMap<string, bigint>> => {
  const rows = await db.$queryRaw<{ key: string; id: bigint }[]>`SELECT key, id FROM platform.setting WHERE category = 'health'`;
  return new Map(rows.map(({ key, id }) => [key, id]));
};

/** What the database says of itself now. */
export const measureNow = (db: Db): Promise<readonly Reading[]> =>
  db.$queryRaw<Reading[]>`SELECT measure, value, grade, words FROM ops.measure_health()`;

/** The hash of the head of the audit log. */
export const auditHead = async (db: Db): Promise<string | undefined> => {
  const [row] = await db.$queryRaw<{ hash: string }[]>`SELECT encode(hash, 'hex') AS hash FROM ops.audit_head`;
  return row?.hash;
};

export type Bucket = { readonly series: bigint; readonly ago: number; readonly value: number };

/** The mean of each ten minutes of the last three hours, of some series; `ago` 0 are the last ten. */
export const recentOf = (db: Db, series: readonly bigint[]): Promise<readonly Bucket[]> =>
  db.$queryRaw<Bucket[]>`
    SELECT series_id AS series, floor(extract(epoch FROM now() - at) / 600)::int AS ago, avg(value) AS value FROM ops.health_sample
     WHERE series_id = ANY (${series.map(String)}::bigint[]) AND at > now() - interval '3 hours' GROUP BY 1, 2`;

export type Stretch = { readonly ago: number; readonly least: number; readonly mean: number; readonly most: number };

/** Each hour of the last day. */
export const hoursOf = (db: Db, series: bigint): Promise<readonly Stretch[]> =>
  db.$queryRaw<Stretch[]>`
    SELECT floor(extract(epoch FROM now() - at) / 3600)::int AS ago, min(value) AS least, avg(value) AS mean, max(value) AS most FROM ops.health_sample
     WHERE series_id = ${series} AND at > now() - interval '24 hours' GROUP BY 1 ORDER BY 1 DESC`;

/** Each day of the last thirty. */
export const daysOf = (db: Db, series: bigint): Promise<readonly Stretch[]> =>
  db.$queryRaw<Stretch[]>`
    SELECT floor(extract(epoch FROM now() - at) / 86400)::int AS ago, min(value) AS least, avg(value) AS mean, max(value) AS most FROM ops.health_sample
     WHERE series_id = ${series} AND at > now() - interval '30 days' GROUP BY 1 ORDER BY 1 DESC`;

/** The host of the database, as far as one has said that it is: where what helps is done. */
export const hostOfDatabase = async (db: Db): Promise<string | undefined> => {
  const [row] = await db.$queryRaw<{ name: string }[]>`
    SELECT h.name FROM ops.health_series s JOIN ops.host h ON h.id = s.host_id
     WHERE s.measure IN ('host-database-room', 'platform-postgres') AND h.retired_at IS NULL ORDER BY s.measure, s.at DESC LIMIT 1`;
  return row?.name;
};

/** The jobs that measure what is wrong with records, by the measure. */
export const jobsOfMeasures = async (db: Db): Promise<ReadonlyMap<string, bigint>> => {
  const rows = await db.$queryRaw<{ measure: string; id: bigint }[]>`
    SELECT j.measure, s.id FROM (VALUES ('ledger', 'ledger'), ('audit-chain', 'audit-verify')) AS j (measure, job) JOIN ops.schedule s ON s.name = j.job`;
  return new Map(rows.map(({ measure, id }) => [measure, id]));
};
