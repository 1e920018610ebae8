import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

const policyKinds = ['rows', 'files', 'orphans', 'kept'] as const;

export type PolicyRow = Keyed & {
  readonly name: string;
  readonly title: string;
  readonly words: string;
  readonly kind: (typeof policyKinds)[number];
  /** Null: for ever. */
  readonly days: number | null;
  readonly floorDays: number;
  readonly archive: boolean;
  readonly enabled: boolean;
  readonly changedBy: string | null;
  readonly changedAt: Date | null;
  readonly version: number;
};

export const policyPage = pageOf<PolicyRow>({
  table: 'ops.cleanup_policy',
  select: `t.name, t.title, t.words, t.kind, t.days, t.floor_days AS "floorDays", t.archive, t.enabled, o.name AS "changedBy", t.changed_at AS "changedAt", t.version`,
  joins: 'LEFT JOIN ops.operator o ON o.id = t.changed_by',
  defaultSort: { field: 'name', descending: false },
  fields: {
    text: text('t.name', { exact: ['lower(t.name || t.title) LIKE {contains}'] }),
    id: number('t.id'),
    name: text('t.name', { sortable: true }),
    kind: oneOf('t.kind', policyKinds),
    enabled: flag('t.enabled'),
  },
});

export const findPolicy = (db: Db, id: bigint): Promise<PolicyRow | undefined> => policyPage.find(db, id);

export const findPolicyNamed = async (db: Db, name: string): Promise<PolicyRow | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.cleanup_policy WHERE name = ${name}`;
  return row && findPolicy(db, row.id);
};

/** What cleanups by this policy removed of late, the newest first. */
export type PolicyUse = { readonly id: bigint; readonly at: Date; readonly removed: bigint; readonly bytes: bigint };

export const usesOf = (db: Db, { name }: PolicyRow): Promise<readonly PolicyUse[]> =>
  db.$queryRaw<PolicyUse[]>`
    SELECT c.id, c.began_at AS at, sum(p.removed)::bigint AS removed, sum(p.removed_bytes)::bigint AS bytes
      FROM ops.cleanup_part p JOIN ops.cleanup c ON c.id = p.cleanup_id WHERE p.policy = ${name} AND c.began_at IS NOT NULL
     GROUP BY c.id ORDER BY c.id DESC LIMIT 10`;

export const setPolicy = async (
  db: Db,
  { id, version }: PolicyRow,
  { days, enabled }: { readonly days: number; readonly enabled: boolean },
): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.set_cleanup_policy(${id}, ${days}::int, ${enabled}, ${version}::int)`;
};
