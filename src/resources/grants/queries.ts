import type { Db } from '../../database/client.ts';
import { meaning, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { untilWords } from '../../domain/platform-role.ts';
import type { Gift } from '../roles/queries.ts';

type GrantState = 'live' | 'expired' | 'revoked';

/** Who holds what. The place in the list is even for a user's grant and odd for an operator's role. */
export type GrantRow = Keyed & {
  readonly kind: 'user' | 'operator';
  readonly subjectId: bigint;
  readonly who: string;
  readonly role: string;
  readonly roleName: string;
  readonly level: number;
  readonly tenant: string;
  readonly grantedBy: string | null;
  readonly grantedAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
  readonly lastUsedAt: Date | null;
  readonly state: GrantState;
};

const ended = '(t.revoked_at IS NOT NULL OR t.expires_at <= clock_timestamp())';
// One alternative for each kind: the planner drops the other, and finds the rest by its index
const subject = (condition: string): string =>
  `((t.kind = 'user' AND t.subject_id = ANY (ARRAY(SELECT u.id FROM bank."user" u WHERE ${condition.replaceAll('{name}', 'u.username')} LIMIT 1000)))
     OR (t.kind = 'operator' AND t.subject_id = ANY (ARRAY(SELECT o.id FROM ops.operator o WHERE ${condition.replaceAll('{name}', 'o.name')}))))`;
const role = (condition: string): string =>
  `(t.role ${condition} OR t.role_id IN (SELECT r.id FROM platform.role r WHERE r.slug ${condition}))`;

export const grantPage = pageOf<GrantRow>({
  table: 'ops.held_role',
  select: `t.kind, t.subject_id AS "subjectId", coalesce(u.username, o.name, t.kind || ' ' || t.subject_id) AS who, coalesce(t.role, r.slug) AS role, coalesce(r.name, oro.title) AS "roleName",
    coalesce(r.level, oro.rank)::int AS level, t.tenant, b.name AS "grantedBy", t.granted_at AS "grantedAt", t.expires_at AS "expiresAt", t.revoked_at AS "revokedAt",
    e.name AS "revokedBy", t.last_used_at AS "lastUsedAt",
    CASE WHEN t.revoked_at IS NOT NULL AND t.revoked_by IS NOT NULL THEN 'revoked' WHEN ${ended} THEN 'expired' ELSE 'live' END AS state`,
  joins: `LEFT JOIN bank."user" u ON t.kind = 'user' AND u.id = t.subject_id LEFT JOIN ops.operator o ON t.kind = 'operator' AND o.id = t.subject_id
    LEFT JOIN platform.role r ON r.id = t.role_id LEFT JOIN ops.role oro ON oro.name = t.role LEFT JOIN ops.operator b ON b.id = t.granted_by LEFT JOIN ops.operator e ON e.id = t.revoked_by`,
  defaultSort: { field: 'since', descending: true },
  fields: {
    text: text('t.id', { exact: [`(${subject('{name} LIKE {contains}')} OR ${role('LIKE {contains}')})`] }),
    who: text('t.subject_id', { exact: [subject('{name} = {text}')], like: [subject('{name} LIKE {contains}')] }),
    role: text('t.role_id', { exact: [role('= {text}')], like: [role('LIKE {contains}')] }),
    kind: oneOf('t.kind', ['user', 'operator']),
    tenant: text('t.tenant'),
    state: meaning({
      live: `NOT ${ended}`,
      expired: 't.expires_at <= clock_timestamp() AND t.revoked_by IS NULL',
      revoked: 't.revoked_by IS NOT NULL',
      timed: `NOT ${ended} AND t.expires_at IS NOT NULL`,
    }),
    since: time('t.granted_at', { sortable: true }),
    until: time('t.expires_at'),
    used: time('t.last_used_at'),
  },
});

/** The grant as it is now, or undefined. */
export const findGrant = (db: Db, id: bigint): Promise<GrantRow | undefined> => grantPage.find(db, id);

export type HeldRole = {
  readonly role: string;
  readonly tenant: string;
  readonly expiresAt: Date | null;
  readonly grantedAt: Date;
  readonly grantedBy: string;
};

/** The roles that a user holds by grant now, the newest first. */
export const rolesOfUser = async (db: Db, userId: bigint): Promise<readonly HeldRole[]> =>
  db.$queryRaw<HeldRole[]>`
    SELECT r.slug AS role, g.tenant, g.expires_at AS "expiresAt", g.granted_at AS "grantedAt", b.name AS "grantedBy"
      FROM platform.role_grant g JOIN platform.role r ON r.id = g.role_id JOIN ops.operator b ON b.id = g.granted_by
     WHERE g.user_id = ${userId} AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()) ORDER BY g.granted_at DESC LIMIT 50`;

/** Which separations of duties a live grant breaks, together with what its holder has besides. */
export const conflictsOfGrant = async (db: Db, grant: GrantRow): Promise<readonly string[]> => {
  if (grant.state !== 'live') return [];
  const [row] =
    grant.kind === 'operator'
      ? await db.$queryRaw<{ conflicts: string[] }[]>`SELECT ops.operator_conflicts(${grant.subjectId}, ${grant.role}) AS conflicts`
      : await db.$queryRaw<{ conflicts: string[] }[]>`
          SELECT platform.user_conflicts(${grant.subjectId}, (SELECT id FROM platform.role WHERE slug = ${grant.role})) AS conflicts`;
  return row?.conflicts ?? [];
};

type NewGrant = { readonly user: bigint; readonly role: bigint; readonly tenant: string; readonly until: string | undefined };
export type Granted = { readonly id: bigint; readonly expiresAt: Date | null };

/** Gives a role to a user. The database decides when "4h" from now is. */
const grantRole = async (db: Db, grant: NewGrant): Promise<Granted> => {
  const [made] = await db.$queryRaw<Granted[]>`
    SELECT id * 2 AS id, expires_at AS "expiresAt" FROM platform.grant_role(${grant.user}, ${grant.role}, ${grant.tenant}, ${grant.until ?? null})`;
  if (!made) throw new Error('the database granted a role and returned nothing');
  return made;
};

type Terms = { readonly tenant?: string | undefined; readonly until?: string | undefined };

/** Carries a gift out, whichever pane it was begun in; says what was done for the audit row. */
export const giveRole = async (
  db: Db,
  user: { readonly id: bigint; readonly username: string },
  gift: Gift,
  { tenant = '', until }: Terms,
) => {
  const granted = await grantRole(db, { user: user.id, role: gift.role.id, tenant, until: until || undefined });
  return {
    summary: `granted ${gift.role.slug} to ${user.username} ${untilWords(until)}`,
    new: { role: gift.role.slug, tenant, until: granted.expiresAt, grant: String(granted.id), conflicts: gift.conflicts },
  };
};

/** Ends the grant in this place of the list; only users' grants stand in even ones. */
export const revokeGrant = async (db: Db, place: bigint): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.revoke_grant(${place / 2n})`;
};
