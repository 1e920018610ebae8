import type { Db } from '../../database/client.ts';
import { flag, meaning, number, oneOf, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

/** What a review noted of a machine when it was opened. */
export type ReviewedMachine = {
  readonly place: string;
  /** None: from anywhere. */
  readonly from: readonly string[];
  readonly 'used from': string | null;
  readonly fingerprint: string;
  readonly 'approved by': string | null;
  readonly 'days left': number;
  readonly permissions: readonly string[];
  /** Where it finished runs in the last quarter. */
  readonly hosts: readonly string[];
};

export type ItemRow = Keyed & {
  readonly reviewId: bigint;
  readonly reviewClosed: boolean;
  readonly source: 'operator' | 'grant' | 'user' | 'machine';
  readonly sourceId: bigint;
  readonly kind: 'operator' | 'user' | 'machine';
  readonly subjectId: bigint;
  readonly who: string;
  readonly role: string;
  readonly sensitive: boolean;
  readonly grantedAt: Date | null;
  readonly grantedBy: string | null;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly lastLoginAt: Date | null;
  readonly inactiveDays: number;
  readonly change: string | null;
  readonly conflicts: readonly string[];
  /** Of machines alone. */
  readonly machine: ReviewedMachine | null;
  readonly decision: 'keep' | 'revoke' | null;
  readonly note: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  /** Whether it is held now, whatever was decided. */
  readonly held: boolean;
  readonly version: number;
};

export const itemPage = pageOf<ItemRow>({
  table: 'ops.access_review_item',
  select: `t.review_id AS "reviewId", r.closed_at IS NOT NULL AS "reviewClosed", t.source, t.source_id AS "sourceId", t.subject_kind AS kind, t.subject_id AS "subjectId", t.subject AS who, t.role,
    t.sensitive, t.granted_at AS "grantedAt", t.granted_by AS "grantedBy", t.expires_at AS "expiresAt", t.last_used_at AS "lastUsedAt", t.last_login_at AS "lastLoginAt",
    t.inactive_days AS "inactiveDays", t.change, t.conflicts, t.machine, t.decision, t.note, o.name AS "decidedBy", t.decided_at AS "decidedAt", ops.still_held(t) AS held, t.version`,
  joins: 'JOIN ops.access_review r ON r.id = t.review_id LEFT JOIN ops.operator o ON o.id = t.decided_by',
  defaultSort: { field: 'item', descending: false },
  fields: {
    text: text('t.subject', { exact: ['(lower(t.subject) LIKE {contains} OR lower(t.role) LIKE {contains})'] }),
    item: number('t.id', { sortable: true }),
    review: number('t.review_id'),
    who: text('t.subject', { like: ['lower(t.subject) LIKE {contains}'] }),
    role: text('t.role', { like: ['lower(t.role) LIKE {contains}'] }),
    kind: oneOf('t.subject_kind', ['operator', 'user', 'machine']),
    decision: meaning({ undecided: 't.decision IS NULL', keep: `t.decision = 'keep'`, revoke: `t.decision = 'revoke'` }),
    conflict: flag(`t.conflicts <> '{}'`),
    sensitive: flag('t.sensitive'),
    inactive: number('t.inactive_days'),
    changed: flag('t.change IS NOT NULL'),
  },
});

/** The item as it is now, or undefined. */
export const findItem = (db: Db, id: bigint): Promise<ItemRow | undefined> => itemPage.find(db, id);

/** Keeps or revokes; a user's grant and a machine end with it. */
export const decideItem = async (
  db: Db,
  item: { readonly id: bigint; readonly version: number },
  decision: 'keep' | 'revoke',
  note: string,
): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.decide_review_item(${item.id}, ${decision}, ${note}, ${item.version}::int)`;
};
