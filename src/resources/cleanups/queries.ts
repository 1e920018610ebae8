import { z } from 'zod';
import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

const cleanupStatuses = ['estimated', 'running', 'done', 'stopped'] as const;
export type CleanupStatus = (typeof cleanupStatuses)[number];

export type CleanupRow = Keyed & {
  readonly policy: string;
  /** As the inventory calls the host that counted. */
  readonly host: string;
  readonly status: CleanupStatus;
  readonly estimatedAt: Date;
  /** Counted at most a quarter of an hour ago, or when the request for it was made. */
  readonly fresh: boolean;
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly removed: bigint;
  readonly removedBytes: bigint;
  /** How many people it takes. */
  readonly eyes: number;
  readonly run: bigint | null;
  readonly runOpen: boolean;
  readonly askedBy: string | null;
  readonly beganAt: Date | null;
  readonly finishedAt: Date | null;
  readonly seconds: number | null;
  readonly why: string | null;
};

const fresh = `(t.estimated_at > coalesce((SELECT min(a.made_at) FROM ops.approval a WHERE a.action = 'runbooks.cleanup' AND a.input ->> 'id' = t.id::text
    AND a.status IN ('waiting', 'approved')), clock_timestamp()) - interval '15 minutes')`;

export const cleanupPage = pageOf<CleanupRow>({
  table: 'ops.cleanup',
  select: `t.policy, t.host, t.status, t.estimated_at AS "estimatedAt", ${fresh} AS fresh, t.rows, t.bytes, t.removed, t.removed_bytes AS "removedBytes",
    CASE WHEN t.rows - t.removed > 1000000 OR EXISTS (SELECT FROM ops.cleanup_part p JOIN ops.cleanup_policy y ON y.name = p.policy
      WHERE p.cleanup_id = t.id AND p.boundary > t.estimated_at - make_interval(days => y.days) + interval '1 hour') THEN 2 ELSE 1 END AS eyes,
    r.number AS run, coalesce(r.status IN ('queued', 'running', 'unknown'), false) AS "runOpen", q.name AS "askedBy", t.began_at AS "beganAt",
    t.finished_at AS "finishedAt", extract(epoch FROM coalesce(t.finished_at, clock_timestamp()) - t.began_at)::int AS seconds, t.why`,
  joins: 'LEFT JOIN ops.run r ON r.id = t.run_id LEFT JOIN ops.operator q ON q.id = r.queued_by',
  defaultSort: { field: 'counted', descending: true },
  fields: {
    text: text('t.policy', { exact: ['t.policy LIKE {contains}'] }),
    id: number('t.id'),
    policy: text('t.policy', {
      exact: ['t.policy = {text}', 't.id IN (SELECT p.cleanup_id FROM ops.cleanup_part p WHERE p.policy = {text})'],
    }),
    status: oneOf('t.status', cleanupStatuses),
    removed: flag('t.removed > 0'),
    host: text('t.host'),
    counted: time('t.estimated_at', { sortable: true }),
  },
});

export const findCleanup = (db: Db, id: bigint): Promise<CleanupRow | undefined> => cleanupPage.find(db, id);

export type CleanupPart = {
  readonly policy: string;
  readonly what: string;
  readonly boundary: Date;
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly oldest: Date | null;
  readonly newest: Date | null;
  readonly removed: bigint;
  readonly archive: string | null;
  readonly archiveSha256: string | null;
};

/** What was counted, and what is gone of it, in the order in which it goes. */
export const partsOf = (db: Db, id: bigint): Promise<readonly CleanupPart[]> =>
  db.$queryRaw<CleanupPart[]>`
    SELECT policy, what, boundary, rows, bytes, oldest, newest, removed, archive, archive_sha256 AS "archiveSha256"
      FROM ops.cleanup_part WHERE cleanup_id = ${id} ORDER BY position`;

/** Why what was counted cannot be removed; undefined if it can. */
export const whyNotClean = ({ id, status, fresh, rows, runOpen }: CleanupRow): string | undefined => {
  if (status === 'done' || status === 'stopped') return `cleanup ${id} is ${status}`;
  if (runOpen) return `a run of cleanup ${id} is under way`;
  if (status === 'estimated' && rows === 0n) return 'nothing was counted';
  return status === 'estimated' && !fresh ? 'it was counted more than 15 minutes ago: count again' : undefined;
};

const Listed = z.object({
  list: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.number().int().min(0),
  databases: z.number().int().min(0),
  octets: z.number().min(0),
  each: z.array(z.object({ what: z.string(), count: z.number(), such: z.array(z.string()) })),
});

/** What a run listed that belongs to nothing; `list` is the hash of the list as it lies on that host. */
export type OrphanList = z.output<typeof Listed> & { readonly host: string; readonly isFresh: boolean };

/** What the run of that number listed; undefined where it listed nothing, or says what nobody understands. */
export const findOrphanList = async (db: Db, run: bigint): Promise<OrphanList | undefined> => {
  const [row] = await db.$queryRaw<{ host: string; isFresh: boolean; result: unknown }[]>`
    SELECT h.name AS host, s.finished_at > clock_timestamp() - interval '24 hours' AS "isFresh", s.result
      FROM ops.run r JOIN ops.run_step s ON s.run_id = r.id JOIN ops.host h ON h.id = s.host_id
     WHERE r.number = ${run} AND s.words[1:3] = '{bursar,maintain,orphans}' AND s.status = 'succeeded' AND s.result ? 'list'`;
  const listed = Listed.safeParse(row?.result);
  return row && listed.success ? { ...listed.data, host: row.host, isFresh: row.isFresh } : undefined;
};
