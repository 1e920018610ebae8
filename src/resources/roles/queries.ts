import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { nearest } from '../../domain/nearest.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Keyed } from '../../domain/page.ts';
import { profiles, roleTypes } from '../../domain/platform-role.ts';
import type { RoleGift } from '../../domain/role-gift.ts';

export type RoleRow = Keyed & {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly profile: string;
  readonly roleType: string;
  readonly level: number;
  readonly isModuleAdmin: boolean;
  /** Granting it takes two people. */
  readonly isPowerful: boolean;
  readonly isActive: boolean;
  /** The role of a user in the bank that carries this one. */
  readonly bankRole: string | null;
  readonly permissions: number;
  readonly holders: number;
  readonly createdAt: Date;
  readonly version: number;
};

const allows = `t.id IN (SELECT rp.role_id FROM platform.role_permission rp JOIN platform.permission p ON p.id = rp.permission_id WHERE p.codename = {text})`;

export const rolePage = pageOf<RoleRow>({
  table: 'platform.role',
  select: `t.slug, t.name, t.description, t.profile, t.role_type AS "roleType", t.level, t.is_module_admin AS "isModuleAdmin", platform.is_powerful(t.id) AS "isPowerful", t.is_active AS "isActive", t.bank_role AS "bankRole",
    t.created_at AS "createdAt", t.version, (SELECT count(*)::int FROM platform.role_permission rp WHERE rp.role_id = t.id) AS permissions, platform.holders_of(t.id) AS holders`,
  defaultSort: { field: 'level', descending: false },
  fields: {
    text: text('t.slug', { exact: ['(t.slug LIKE {contains} OR lower(t.name) LIKE {contains} OR lower(t.description) LIKE {contains})'] }),
    id: number('t.id'),
    slug: text('t.slug', { sortable: true, like: ['t.slug LIKE {contains}'] }),
    name: text('t.name', { like: ['lower(t.name) LIKE {contains}'] }),
    level: number('t.level', { sortable: true }),
    profile: oneOf('t.profile', profiles),
    type: oneOf('t.role_type', roleTypes),
    admin: flag('t.is_module_admin'),
    active: flag('t.is_active'),
    created: time('t.created_at', { sortable: true }),
    permission: text('t.slug', { exact: [allows] }),
  },
});

/** The role as it is now, or undefined. */
export const findRole = (db: Db, id: bigint): Promise<RoleRow | undefined> => rolePage.find(db, id);

/** The role that is called so. */
export const roleNamed = async (db: Db, slug: string): Promise<RoleRow | undefined> => {
  const [found] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM platform.role WHERE slug = ${slug}`;
  return found && findRole(db, found.id);
};

/** All slugs, for whoever mistyped one. */
const roleSlugs = async (db: Db): Promise<readonly string[]> =>
  (await db.$queryRaw<{ slug: string }[]>`SELECT slug FROM platform.role WHERE is_active ORDER BY slug`).map(({ slug }) => slug);

/** The permissions of a role. */
export const permissionsOf = async (db: Db, roleId: bigint): Promise<readonly string[]> =>
  (
    await db.$queryRaw<{ codename: string }[]>`
      SELECT p.codename FROM platform.role_permission rp JOIN platform.permission p ON p.id = rp.permission_id WHERE rp.role_id = ${roleId} ORDER BY p.codename`
  ).map(({ codename }) => codename);

/** The permissions that a platform has. */
export const permissionsOn = async (db: Db, profile: string): Promise<readonly string[]> =>
  (
    await db.$queryRaw<
      { codename: string }[]
    >`SELECT codename FROM platform.permission WHERE split_part(codename, '.', 1) = ${profile} ORDER BY codename`
  ).map(({ codename }) => codename);

export type RoleHolder = {
  readonly username: string;
  readonly since: Date | null;
  readonly expiresAt: Date | null;
  readonly tenant: string;
};

/** Some who hold a role now: by grant, or because their role in the bank is this one. */
export const holdersOf = async (db: Db, roleId: bigint, limit: number): Promise<readonly RoleHolder[]> =>
  db.$queryRaw<RoleHolder[]>`
    (SELECT u.username, g.granted_at AS since, g.expires_at AS "expiresAt", g.tenant
       FROM platform.role_grant g JOIN bank."user" u ON u.id = g.user_id
      WHERE g.role_id = ${roleId} AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()) ORDER BY g.granted_at DESC LIMIT ${limit})
    UNION ALL
    (SELECT u.username, NULL, NULL, '' FROM bank."user" u JOIN platform.role r ON r.bank_role = u.role WHERE r.id = ${roleId} AND u.status <> 'deactivated' ORDER BY u.id LIMIT ${limit})
    LIMIT ${limit}`;

export type EffectivePermission = { readonly codename: string; readonly roles: readonly string[] };

/** What a user may now, and by which roles. */
export const effectivePermissions = async (db: Db, userId: bigint, tenant = ''): Promise<readonly EffectivePermission[]> =>
  db.$queryRaw<EffectivePermission[]>`SELECT codename, roles FROM platform.effective_permissions(${userId}, ${tenant})`;

/** The permissions that come with a role of the bank itself. */
export const permissionsWithBankRole = async (db: Db, bankRole: string): Promise<readonly string[]> =>
  (
    await db.$queryRaw<{ codename: string }[]>`
      SELECT p.codename FROM platform.role r JOIN platform.role_permission rp ON rp.role_id = r.id JOIN platform.permission p ON p.id = rp.permission_id
       WHERE r.bank_role = ${bankRole} AND r.is_active ORDER BY p.codename`
  ).map(({ codename }) => codename);

/** What a user with this role would hold together though nobody should. */
const conflictsWith = async (db: Db, userId: bigint, roleId: bigint): Promise<readonly string[]> => {
  const [row] = await db.$queryRaw<{ conflicts: string[] }[]>`SELECT platform.user_conflicts(${userId}, ${roleId}) AS conflicts`;
  return row?.conflicts ?? [];
};

/** A gift with the role as it is kept. */
export type Gift = RoleGift & { readonly role: RoleRow };
type Recipient = RoleGift['user'] & { readonly id: bigint };

/** What it would mean to give this role to this user; refuses what the database would refuse. */
export const giftOf = async (db: Db, user: Recipient, slug: string, tenant: string): Promise<Outcome<Gift>> => {
  const role = await roleNamed(db, slug);
  if (!role) {
    const meant = nearest(slug, await roleSlugs(db));
    return notFound(`there is no role ${slug}`, meant === undefined ? 'look them up in the pane roles' : `did you mean ${meant}?`);
  }
  if (!role.isActive) return conflict(`the role ${slug} is retired`);
  if (role.bankRole !== null) return conflict(`${slug} comes with the user's own role ${role.bankRole}`, 'change that instead');
  const [held] = await db.$queryRaw<{ held: boolean }[]>`
    SELECT EXISTS (SELECT FROM platform.role_grant g WHERE g.user_id = ${user.id} AND g.role_id = ${role.id} AND g.tenant = ${tenant} AND g.revoked_at IS NULL
                      AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())) AS held`;
  if (held?.held) return conflict(`${user.username} holds ${slug} already`);
  const [permissions, effective, conflicts] = await Promise.all([
    permissionsOf(db, role.id),
    effectivePermissions(db, user.id, tenant),
    conflictsWith(db, user.id, role.id),
  ]);
  const has = new Set(effective.map(({ codename }) => codename));
  return done({ user, role, gained: permissions.filter(codename => !has.has(codename)), conflicts });
};

export type NewRole = {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly profile: string;
  readonly roleType: string;
  readonly level: number;
  readonly isModuleAdmin: boolean;
};

/** Makes a role without permissions; returns its id. */
export const createRole = async (db: Db, role: NewRole): Promise<bigint> => {
  const [made] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM platform.create_role(${role.slug}, ${role.name}, ${role.description}, ${role.profile}, ${role.roleType}, ${role.level}::int, ${role.isModuleAdmin})`;
  if (!made) throw new Error('the database made a role and returned none');
  return made.id;
};

type Versioned = { readonly id: bigint; readonly version: number };
type Edit = Omit<NewRole, 'slug' | 'profile'>;

export const editRole = async (db: Db, role: Versioned, edit: Edit): Promise<void> => {
  await db.$queryRaw`
    SELECT id FROM platform.edit_role(${role.id}, ${role.version}::int, ${edit.name}, ${edit.description}, ${edit.roleType}, ${edit.level}::int, ${edit.isModuleAdmin})`;
};

export const setRoleActive = async (db: Db, role: Versioned, active: boolean): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.set_role_active(${role.id}, ${active}, ${role.version}::int)`;
};

/** Puts exactly these permissions into a role. */
export const setRolePermissions = async (db: Db, role: Versioned, codenames: readonly string[]): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.set_role_permissions(${role.id}, ${role.version}::int, ${[...codenames]}::text[])`;
};
