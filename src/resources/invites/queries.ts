import type { Db } from '../../database/client.ts';
import { meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { OneTimeSecret } from '../../domain/one-time-secret.ts';
import type { Keyed } from '../../domain/page.ts';
import { platformRoles, type PlatformRole } from '../../domain/user.ts';

type InviteState = 'open' | 'used up' | 'expired' | 'revoked';

/** An invite to register. Its code is nowhere but in the message to the invitee. */
export type InviteRow = Keyed & {
  readonly email: string;
  readonly role: PlatformRole;
  readonly hint: string;
  readonly uses: number;
  readonly maxUses: number;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
  readonly version: number;
  readonly state: InviteState;
};

const open = 't.revoked_at IS NULL AND t.uses < t.max_uses AND t.expires_at > clock_timestamp()';

export const invitePage = pageOf<InviteRow>({
  table: 'platform.invite',
  select: `t.email, t.role, t.code_hint AS hint, t.uses, t.max_uses AS "maxUses", c.name AS "createdBy", t.created_at AS "createdAt", t.expires_at AS "expiresAt",
    t.revoked_at AS "revokedAt", r.name AS "revokedBy", t.version,
    CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN t.uses >= t.max_uses THEN 'used up' WHEN t.expires_at <= clock_timestamp() THEN 'expired' ELSE 'open' END AS state`,
  joins: 'JOIN ops.operator c ON c.id = t.created_by LEFT JOIN ops.operator r ON r.id = t.revoked_by',
  defaultSort: { field: 'created', descending: true },
  fields: {
    text: text('t.email', { exact: ['lower(t.email) LIKE {contains}'] }),
    id: number('t.id'),
    email: text('t.email', { exact: ['lower(t.email) = lower({text})'], like: ['lower(t.email) LIKE {contains}'] }),
    role: oneOf('t.role', platformRoles),
    creator: text('t.created_by', { exact: ['t.created_by = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    state: meaning({
      open,
      used: 't.uses >= t.max_uses',
      expired: 't.revoked_at IS NULL AND t.uses < t.max_uses AND t.expires_at <= clock_timestamp()',
      revoked: 't.revoked_at IS NOT NULL',
    }),
    created: time('t.created_at', { sortable: true }),
  },
});

export const findInvite = (db: Db, id: bigint): Promise<InviteRow | undefined> => invitePage.find(db, id);

export type InviteUse = {
  readonly username: string;
  readonly userId: bigint | null;
  readonly status: string | null;
  readonly usedAt: Date;
};

/** Who registered by an invite. */
export const usesOf = async (db: Db, id: bigint): Promise<readonly InviteUse[]> =>
  db.$queryRaw<InviteUse[]>`
    SELECT n.username, u.id AS "userId", u.status::text, n.used_at AS "usedAt"
      FROM platform.invite_use n LEFT JOIN bank."user" u ON u.username = n.username WHERE n.invite_id = ${id} ORDER BY n.id LIMIT 100`;

/** Open invites for the same address, and the user who has it. */
export const knownBy = async (db: Db, email: string): Promise<{ readonly username: string | null; readonly open: number }> => {
  const [row] = await db.$queryRaw<{ username: string | null; open: number }[]>`
    SELECT (SELECT u.username FROM bank."user" u WHERE lower(u.email) = lower(${email})) AS username,
           (SELECT count(*)::int FROM platform.invite t WHERE lower(t.email) = lower(${email}) AND t.revoked_at IS NULL AND t.uses < t.max_uses
               AND t.expires_at > clock_timestamp()) AS open`;
  return row ?? { username: null, open: 0 };
};

export type NewInvite = { readonly email: string; readonly role: string; readonly days: number; readonly uses: number };

/** Makes an invite; the database is given the hash of its code. */
export const insertInvite = async (
  db: Db,
  invite: NewInvite,
  secret: OneTimeSecret,
): Promise<{ readonly id: bigint; readonly expiresAt: Date }> => {
  const [made] = await db.$queryRaw<{ id: bigint; expiresAt: Date }[]>`
    SELECT id, expires_at AS "expiresAt"
      FROM platform.create_invite(${secret.hash}, ${secret.hint}, ${invite.email}, ${invite.role}, ${invite.days}::int, ${invite.uses}::int)`;
  if (!made) throw new Error('the database made an invite and returned none');
  return made;
};

export const revokeInvite = async (db: Db, { id, version }: InviteRow): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.revoke_invite(${id}, ${version}::int)`;
};
